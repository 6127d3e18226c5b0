package plinius.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import plinius.attestation.AttestationException;
import plinius.attestation.Attester;
import plinius.attestation.kbs.KbsClient;
import plinius.attestation.kbs.KbsRequest;
import plinius.attestation.kbs.KbsResponse;
import plinius.attestation.kbs.KbsTransport;
import plinius.attestation.simulation.ImageMeasurement;
import plinius.attestation.simulation.SimulatedPlatform;
import plinius.boundary.Bytes;
import plinius.boundary.EnclaveMessage.KbsCall;
import plinius.boundary.HostMessage;
import plinius.broker.BrokerRecord;
import plinius.host.BrokerLink;
import plinius.host.SimulatedMachine;
import plinius.kernel.Kernels;
import plinius.owner.OwnerKey;
import plinius.seal.Id128;
import plinius.seal.jose.Json;

/**
 * The owner's broker as a process of its own, enclaves of others, and hosts that do what they
 * should not: over loopback, each refused and in the log; the honest one trains. And the broker
 * killed, over and over: nothing lost, nothing accepted twice.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BrokerProcessTest {
  private static final int BAD_INPUT = 65;
  private static final int UNREACHABLE = 69;
  private static final int STALE = 71;
  private static final int REFUSED = 77;
  private static final List<String> ARGUMENTS =
      List.of("-m", "plinius.enclave/plinius.enclave.Main");

  private World world;
  private int port;
  private Plinius.Running broker;
  private String pin;

  @BeforeAll
  void make() throws IOException {
    world = World.make();
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    pin = word(verb("init").expect(0).out(), "pin");
    startBroker();
  }

  @AfterAll
  void clean_up() {
    if (broker != null) {
      broker.process().destroyForcibly();
    }
    if (world != null) {
      world.close();
    }
  }

  @Test
  void the_honest_enclave_trains_another_image_is_refused_until_a_policy_names_both()
      throws IOException {
    String policy = "[simulation]\nmeasurement = " + measurement(world.plinius().image());
    String job = addJob("versions", "--policy", file("one.policy", policy));
    Path pm = world.newPm();
    Plinius other = world.plinius().withImage(otherImage());
    train(world.plinius(), job, pm, "--iterations", 2).expect(0);

    Plinius.Run refused = train(other, job, pm, "--iterations", 3).expect(REFUSED);
    assertThat(refused.reason()).contains("measurement is " + measurement(other.image()));
    assertThat(refusals().getLast()).contains("POST /kbs/v0/attest", measurement(other.image()));

    String both = policy + " " + measurement(other.image());
    verb("grant", "--job", "versions", "--policy", file("both.policy", both)).expect(0);
    Plinius.Run went = train(other, job, pm, "--iterations", 3).expect(0);
    assertThat(went.event("resume").path("iteration").asInt()).isEqualTo(2);
    train(world.plinius(), job, pm, "--iterations", 4).expect(0);
  }

  @Test
  void a_model_of_other_kernels_goes_on_once_the_owner_says_so_elsewhere() {
    String job = addJob("upgraded");
    Path pm = world.newPm();
    train(world.plinius(), job, pm, "--iterations", 2).expect(0);
    PlainState.mirrorByKernels(world, pm, Kernels.VERSION - 1);

    assertThat(train(world.plinius(), job, pm, "--iterations", 3).expect(BAD_INPUT).reason())
        .contains("kernels " + (Kernels.VERSION - 1), "plinius broker replan");
    verb("replan", "--job", "upgraded").expect(0);
    Plinius.Run went = train(world.plinius(), job, pm, "--iterations", 3).expect(0);

    assertThat(went.event("replan").path("iteration").asInt()).isEqualTo(2);
    assertThat(log().stream().filter(line -> line.contains("\"event\":\"replan\"")))
        .singleElement()
        .asString()
        .contains(job, "\"kernels\":" + Kernels.VERSION);
  }

  @Test
  void a_job_for_hardware_gives_no_keys_to_a_simulation() throws IOException {
    String job =
        addJob("hardware", "--policy", file("tdx.policy", "[tdx]\nmrtd = " + "ab".repeat(48)));

    Plinius.Run run = train(world.plinius(), job, world.newPm()).expect(REFUSED);

    assertThat(run.reason()).contains("a simulation, which protects nothing");
    assertThat(refusals().getLast()).contains(job, "a simulation, which protects nothing");
  }

  @Test
  void a_grant_that_ended_and_a_revoked_job_give_no_keys_until_the_owner_grants_again() {
    String job = addJob("ended", "--until", "2026-01-01T00:00:00Z");
    Path pm = world.newPm();

    assertThat(train(world.plinius(), job, pm).expect(REFUSED).reason())
        .contains("ended at 2026-01-01T00:00:00Z");
    assertThat(refusals().getLast()).contains(job, "ended at 2026-01-01T00:00:00Z");
    verb("grant", "--job", "ended", "--until", "1h").expect(0);
    train(world.plinius(), job, pm, "--iterations", 1).expect(0);
    verb("revoke", "--job", "ended").expect(0);
    assertThat(train(world.plinius(), job, pm).expect(REFUSED).reason()).contains("revoked");
    assertThat(refusals().getLast()).contains(job, "revoked");
    assertThat(status(job)).contains("revoked by its owner");
    assertThat(verb("log", "--refused").expect(0).out()).contains("revoked", "peer=127.0.0.1");
    verb("grant", "--job", "ended").expect(0);
    assertThat(status(job)).contains("granted");
    train(world.plinius(), job, pm, "--iterations", 2).expect(0);
  }

  @Test
  void a_run_under_way_ends_at_its_next_mirror_once_its_job_is_revoked() {
    String job = addJob("stopped", "--freshness", "strict");
    Plinius.Running run = world.plinius().start(command(job, world.newPm()));
    run.awaitOutput("\"iteration\":3,");
    run.signalHost("STOP");
    verb("revoke", "--job", "stopped").expect(0);
    run.signalHost("CONT");

    Plinius.Run ended = run.end();

    assertThat(ended.reason()).contains("revoked by its owner");
    assertThat(ended.exitCode()).isEqualTo(REFUSED);
    assertThat(refusals().getLast()).contains("/advance", job, "revoked by its owner");
  }

  @Test
  void replayed_nonces_relayed_evidence_reused_sessions_and_stolen_cookies_are_refused() {
    Id128 job = Id128.parse(addJob("attacked"));
    List<KbsRequest> honest = new ArrayList<>();
    try (BrokerLink link = new BrokerLink(URI.create(url()), pin)) {
      KbsTransport direct = request -> carry(link, request);
      client(
              request -> {
                honest.add(request);
                return direct.call(request);
              })
          .fetchGrant(job)
          .close();

      // A reused session, in both of its steps.
      assertThat(direct.call(honest.get(1)).status()).isEqualTo(401);
      assertThat(refusals().getLast()).contains("no session waits for evidence");
      assertThat(direct.call(honest.get(2)).status()).isEqualTo(401);
      assertThat(refusals().getLast()).contains("no attested session");

      // Old evidence in a new session: as it was, and with the new nonce in the message.
      attack(replaying(direct, honest.get(1), false), job, "the nonce is not this session's");
      attack(replaying(direct, honest.get(1), true), job, "report data");

      // Evidence of an honest enclave, with the key of the host in the message.
      attack(withHostsKey(direct), job, "report data");

      // The cookie of an exchange under way, used from elsewhere.
      RawHttps thief = new RawHttps(url(), "127.0.0.2");
      client(
              request -> {
                if (request.cookie().isPresent()) {
                  assertThat(thief.status(request)).isEqualTo(401);
                }
                return direct.call(request);
              })
          .fetchGrant(job)
          .close();
      assertThat(refusals().getLast()).contains("127.0.0.2", "its cookie was stolen");
    }
    assertThat(status(job.toString())).contains("\"epoch\":2");
  }

  @Test
  @Tag("long")
  void a_broker_killed_again_and_again_loses_nothing_and_accepts_nothing_twice() throws Exception {
    Random random = World.random("a_broker_killed_again_and_again");
    String job = addJob("survivor", "--freshness", "strict");
    Path pm = world.newPm();
    Plinius.Running run = world.plinius().start(command(job, pm, "--iterations", 40));
    run.awaitOutput("\"iteration\":1,");
    for (int kill = 0; kill < 4; kill++) {
      Thread.sleep(random.nextInt(300));
      broker.process().destroyForcibly().waitFor();
      startBroker();
    }
    Plinius.Run ended = run.end().expect(0);

    assertThat(ended.events("iteration")).hasSize(40);
    assertThat(status(job)).contains("\"epoch\":1", "\"newest\":\"40:");
    Set<String> told = new HashSet<>();
    for (String line : log()) {
      if (line.contains("\"event\":\"advance\"") && line.contains(job)) {
        assertThat(told.add(Json.string(Json.parseObject(line), "mirror"))).as(line).isTrue();
      }
    }
    // The undisturbed run of the same job ends in the same state.
    assertThat(world.train(world.newPm(), "--iterations", 40).expect(0).state())
        .isEqualTo(ended.state());
  }

  @Test
  void the_log_of_another_key_or_a_changed_one_is_refused() throws IOException {
    Path log = world.file("owner.key.broker").resolve("log.jsonl");
    Path other = world.file("other.key");
    world.plinius().run("key", "new", other).expect(0);
    Path state = Files.createDirectory(world.file("other.key.broker"));
    Files.copy(log, state.resolve("log.jsonl"));
    assertThat(world.plinius().run("broker", "--key", other, "log").expect(BAD_INPUT).err())
        .contains("belongs to the owner's key");

    Path changed = world.file("changed.key");
    Files.copy(world.key(), changed);
    Path changedState = Files.createDirectory(world.file("changed.key.broker"));
    Files.writeString(
        changedState.resolve("log.jsonl"),
        Files.readString(log).replaceFirst("\"seed\":\"1\"", "\"seed\":\"2\""));
    verb("add-job", "--cfg", world.cfg(), "--data", world.train()).expect(0);
    assertThat(world.plinius().run("broker", "--key", changed, "log").expect(STALE).err())
        .contains("does not have its own MAC");
  }

  @Test
  @Tag("long")
  void an_offline_job_restarts_without_the_broker_if_its_owner_allows_it() throws Exception {
    String cached = addJob("cached", "--freshness", "offline+cache");
    String plain = addJob("uncached", "--freshness", "offline");
    Path pm = world.newPm();
    Path without = world.newPm();
    Path cache = pm.resolve("restart.cache");
    train(world.plinius(), cached, pm, "--iterations", 2).expect(0);
    train(world.plinius(), plain, without, "--iterations", 2).expect(0);
    byte[] first = Files.readAllBytes(cache);
    assertThat(without.resolve("restart.cache")).doesNotExist();

    broker.process().destroyForcibly().waitFor();
    String state;
    try {
      assertThat(unreachable(plain, without)).doesNotContain("restart.cache");
      Files.copy(cache, without.resolve("restart.cache"));
      assertThat(unreachable(plain, without)).contains("restart.cache does not open");
      assertThat(unreachable(cached, pm, "--set", "learning_rate=0.5")).contains("does not open");
      Path changed = world.copyOf(pm);
      byte[] flipped = first.clone();
      flipped[100] ^= 1;
      Files.write(changed.resolve("restart.cache"), flipped);
      assertThat(unreachable(cached, changed)).contains("does not open");

      Plinius.Run went = train(world.plinius(), cached, pm, "--iterations", 4).expect(0);
      assertThat(went.event("resume").path("iteration").asInt()).isEqualTo(2);
      assertThat(went.out() + went.err()).contains("out of reach", "from restart.cache");
      state = went.event("done").path("state").asText();
      assertThat(Files.readAllBytes(cache)).isEqualTo(first);
    } finally {
      startBroker();
    }
    Plinius.Run undisturbed = train(world.plinius(), plain, without, "--iterations", 4).expect(0);
    assertThat(undisturbed.event("done").path("state").asText()).isEqualTo(state);
    Plinius.Run asked = train(world.plinius(), cached, pm, "--iterations", 5).expect(0);
    assertThat(asked.event("resume").path("iteration").asInt()).isEqualTo(4);
    assertThat(asked.out() + asked.err()).doesNotContain("restart.cache");
    assertThat(Files.readAllBytes(cache)).isNotEqualTo(first);
    assertThat(status(cached)).contains("\"epoch\":2", "offline+cache");
  }

  private String unreachable(String job, Path pm, Object... more) {
    Plinius.Run run = train(world.plinius(), job, pm, more).expect(UNREACHABLE);
    assertThat(run.events("iteration")).isEmpty();
    return run.reason();
  }

  // ---------------------------------------------------------------- helpers

  private void startBroker() {
    broker =
        world.plinius().start("broker", "--key", world.key(), "--port", Integer.toString(port));
    broker.awaitOutput("pin ");
  }

  private Plinius.Run verb(Object... arguments) {
    List<Object> command = new ArrayList<>(List.of("broker", "--key", world.key()));
    command.addAll(List.of(arguments));
    return world.plinius().run(command.toArray());
  }

  private String addJob(String name, Object... more) {
    List<Object> command =
        new ArrayList<>(
            List.of("add-job", "--cfg", world.cfg(), "--data", world.train(), "--job", name));
    command.addAll(List.of(more));
    return word(verb(command.toArray()).expect(0).out(), "job");
  }

  private Plinius.Run train(Plinius plinius, String job, Path pm, Object... more) {
    return plinius.run(command(job, pm, more));
  }

  private Object[] command(String job, Path pm, Object... more) {
    List<Object> command =
        new ArrayList<>(
            List.of("train", world.cfg(), "--data", world.train(), "--pm", pm, "--json"));
    command.addAll(List.of("--broker", url(), "--broker-pin", pin, "--job", job));
    command.addAll(List.of(more));
    return command.toArray();
  }

  /** As the operator sees it. */
  private String status(String job) {
    return world
        .plinius()
        .run("status", job, "--broker", url(), "--broker-pin", pin, "--json")
        .expect(0)
        .out();
  }

  /** In this process, which is faster than a command a look. */
  private List<String> log() {
    try (OwnerKey key = OwnerKey.load(world.key(), () -> new char[0]);
        BrokerRecord records =
            BrokerRecord.open(key, world.file("owner.key.broker"), Clock.systemUTC())) {
      return records.log();
    }
  }

  private List<String> refusals() {
    return log().stream().filter(line -> line.contains("\"event\":\"refused\"")).toList();
  }

  private String url() {
    return "https://127.0.0.1:" + port;
  }

  private Path file(String name, String text) throws IOException {
    return Files.writeString(world.file(name), text);
  }

  private static String measurement(Path image) throws IOException {
    return ImageMeasurement.of(image.toRealPath(), ARGUMENTS).hex();
  }

  /** The same image with one file more: it runs as well, and is another one. */
  private Path otherImage() throws IOException {
    Path from = world.plinius().image().toRealPath();
    Path to = world.file("other-image");
    Files.walkFileTree(
        from,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes)
              throws IOException {
            Files.createDirectories(to.resolve(from.relativize(folder)));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.copy(
                file,
                to.resolve(from.relativize(file)),
                java.nio.file.StandardCopyOption.COPY_ATTRIBUTES,
                java.nio.file.LinkOption.NOFOLLOW_LINKS);
            return FileVisitResult.CONTINUE;
          }
        });
    Files.writeString(to.resolve("conf").resolve("another-version"), "2");
    return to;
  }

  private KbsClient client(KbsTransport transport) {
    try {
      Attester enclave =
          new SimulatedPlatform(
              SimulatedMachine.made(world.file("platform")),
              world.plinius().image().toRealPath(),
              ARGUMENTS);
      return new KbsClient(enclave, transport);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void attack(KbsTransport host, Id128 job, String said) {
    assertThatThrownBy(() -> client(host).fetchGrant(job))
        .isInstanceOf(AttestationException.Refused.class)
        .hasMessageContaining(said);
    assertThat(refusals().getLast()).contains("POST /kbs/v0/attest", said);
  }

  private static KbsTransport replaying(KbsTransport direct, KbsRequest old, boolean newNonce) {
    return request -> {
      if (!request.path().equals(KbsClient.ATTEST_PATH)) {
        return direct.call(request);
      }
      Object fresh = Json.object(Json.parseObject(request.body()), "runtime-data").get("nonce");
      String body = newNonce ? withMember(old.body(), "runtime-data", "nonce", fresh) : old.body();
      return direct.call(new KbsRequest("POST", old.path(), request.cookie(), body));
    };
  }

  private static KbsTransport withHostsKey(KbsTransport direct) {
    return request -> {
      if (!request.path().equals(KbsClient.ATTEST_PATH)) {
        return direct.call(request);
      }
      Map<String, Object> key =
          new TreeMap<>(
              plinius.seal.jose.Jwk.toMap(
                  (java.security.interfaces.ECPublicKey)
                      plinius.seal.jose.Jwk.generate().getPublic()));
      key.put("alg", "ECDH-ES+A256KW");
      String body = withMember(request.body(), "runtime-data", "tee-pubkey", key);
      return direct.call(new KbsRequest("POST", request.path(), request.cookie(), body));
    };
  }

  private static String withMember(String body, String object, String name, Object value) {
    Map<String, Object> message = new TreeMap<>(Json.parseObject(body));
    Map<String, Object> inner = new TreeMap<>(Json.object(message, object));
    inner.put(name, value);
    message.put(object, inner);
    return Json.write(message);
  }

  private static KbsResponse carry(BrokerLink link, KbsRequest request) {
    KbsCall call =
        new KbsCall(
            request.method(),
            request.path(),
            request.cookie(),
            Bytes.of(request.body().getBytes(StandardCharsets.UTF_8)));
    if (link.carry(call) instanceof HostMessage.KbsReply reply) {
      return new KbsResponse(
          reply.status(), reply.cookie(), new String(reply.body().array(), StandardCharsets.UTF_8));
    }
    throw new AttestationException.Unreachable("no answer");
  }

  private static String word(String said, String after) {
    Matcher line = Pattern.compile("(?m)^" + after + "\\s+(\\S+)$").matcher(said);
    assertThat(line.find()).as("%s in %s", after, said).isTrue();
    return line.group(1);
  }

  /** HTTPS from another address of this machine, believing any certificate. */
  private static final class RawHttps {
    private final String url;
    private final java.net.http.HttpClient client;

    RawHttps(String url, String from) {
      this.url = url;
      try {
        javax.net.ssl.SSLContext tls = javax.net.ssl.SSLContext.getInstance("TLSv1.3");
        tls.init(null, new javax.net.ssl.TrustManager[] {new Gullible()}, null);
        this.client =
            java.net.http.HttpClient.newBuilder()
                .sslContext(tls)
                .localAddress(InetAddress.getByName(from))
                .build();
      } catch (java.security.GeneralSecurityException | IOException e) {
        throw new AssertionError(e);
      }
    }

    int status(KbsRequest request) {
      java.net.http.HttpRequest.Builder builder =
          java.net.http.HttpRequest.newBuilder(URI.create(url + request.path()))
              .method(
                  request.method(),
                  java.net.http.HttpRequest.BodyPublishers.ofString(request.body()));
      Optional<String> cookie = request.cookie();
      cookie.ifPresent(id -> builder.header("Cookie", KbsRequest.SESSION_COOKIE + "=" + id));
      try {
        return client
            .send(builder.build(), java.net.http.HttpResponse.BodyHandlers.discarding())
            .statusCode();
      } catch (IOException e) {
        throw new AssertionError(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError(e);
      }
    }

    private static final class Gullible extends javax.net.ssl.X509ExtendedTrustManager {
      @Override
      public void checkServerTrusted(
          java.security.cert.X509Certificate[] chain,
          String type,
          javax.net.ssl.SSLEngine engine) {}

      @Override
      public void checkServerTrusted(
          java.security.cert.X509Certificate[] chain, String type, java.net.Socket socket) {}

      @Override
      public void checkServerTrusted(java.security.cert.X509Certificate[] chain, String type) {}

      @Override
      public void checkClientTrusted(
          java.security.cert.X509Certificate[] chain,
          String type,
          javax.net.ssl.SSLEngine engine) {}

      @Override
      public void checkClientTrusted(
          java.security.cert.X509Certificate[] chain, String type, java.net.Socket socket) {}

      @Override
      public void checkClientTrusted(java.security.cert.X509Certificate[] chain, String type) {}

      @Override
      public java.security.cert.X509Certificate[] getAcceptedIssuers() {
        return new java.security.cert.X509Certificate[0];
      }
    }
  }
}
