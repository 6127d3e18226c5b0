package plinius.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.interfaces.ECPublicKey;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.attestation.AttestationException;
import plinius.attestation.Attester;
import plinius.attestation.Measurement;
import plinius.attestation.kbs.Advance;
import plinius.attestation.kbs.CfgDigest;
import plinius.attestation.kbs.FreshnessMode;
import plinius.attestation.kbs.Grant;
import plinius.attestation.kbs.GrantPurpose;
import plinius.attestation.kbs.KbsClient;
import plinius.attestation.kbs.KbsRequest;
import plinius.attestation.kbs.KbsResponse;
import plinius.attestation.kbs.KbsTransport;
import plinius.attestation.kbs.MirrorId;
import plinius.attestation.kbs.RuntimeData;
import plinius.attestation.simulation.SimulatedPlatform;
import plinius.host.SimulatedMachine;
import plinius.owner.OwnerKey;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;
import plinius.seal.jose.Json;
import plinius.seal.jose.Jwk;
import plinius.verification.AppraisalPolicy;

/** The whole exchange, with a host in the middle that does what a hostile one could do. */
class BrokerTest {
  private static final Measurement CODE = new Measurement("11".repeat(Measurement.BYTES));
  private static final Measurement OTHER_CODE = new Measurement("22".repeat(Measurement.BYTES));
  private static final Id128 TRAINING_DATA = new Id128(1, 1);
  private static final Id128 VALIDATION_DATA = new Id128(2, 2);
  private static final Id128 TEST_DATA = new Id128(3, 3);
  private static final long SEED = 42;

  @TempDir static Path made;
  private static OwnerKey ownerKey;

  @TempDir Path folder;
  private final SettableClock clock = new SettableClock();
  private Broker broker;
  private Attester enclave;

  // The broker's keys take keytool a second or two to make: once is enough for all tests.
  @BeforeAll
  static void make_the_brokers_keys() throws IOException {
    ownerKey = OwnerKey.generate();
    try (Broker first =
        Broker.start(
            ownerKey,
            made.resolve("state"),
            new AppraisalPolicy(true, Set.of(CODE)),
            Clock.systemUTC(),
            0)) {
      assertThat(first.pin()).matches("[0-9a-f]{64}");
    }
    assertThat(mode(made.resolve("state"))).isEqualTo("rwx------");
    assertThat(mode(made.resolve("state").resolve(BrokerKeys.FILE))).isEqualTo("rw-------");
  }

  @AfterAll
  static void close_the_key() {
    ownerKey.close();
  }

  @BeforeEach
  void start() throws IOException {
    Files.createDirectory(
        state(),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.copy(
        made.resolve("state").resolve(BrokerKeys.FILE),
        state().resolve(BrokerKeys.FILE),
        StandardCopyOption.COPY_ATTRIBUTES);
    broker = startBroker(true);
    enclave = new SimulatedPlatform(SimulatedMachine.made(folder.resolve("platform")), CODE);
  }

  @AfterEach
  void stop() {
    broker.close();
  }

  @Test
  void an_honest_enclave_gets_the_keys_of_its_job() {
    Job job = broker.addJob(terms("mine"));

    try (Grant grant = client(broker.inProcess()).fetchGrant(job.id());
        SecretBytes jobKey = ownerKey.jobKey(job.id());
        SecretBytes recordKey = ownerKey.recordKey(VALIDATION_DATA);
        SecretBytes manifestKey = ownerKey.manifestKey(VALIDATION_DATA);
        SecretBytes digestKey = ownerKey.digestKey(SEED);
        SecretBytes orderKey = ownerKey.orderKey(SEED)) {
      assertThat(grant.job()).isEqualTo(job.id());
      assertThat(grant.epoch()).isEqualTo(1);
      assertThat(grant.ownerKeyId()).isEqualTo(ownerKey.id());
      assertThat(grant.jobKey()).isEqualTo(jobKey);
      assertThat(grant.dataKeys())
          .extracting(Grant.DataKey::id)
          .containsExactly(TRAINING_DATA, VALIDATION_DATA);
      assertThat(grant.dataKey(VALIDATION_DATA).orElseThrow().recordKey()).isEqualTo(recordKey);
      assertThat(grant.dataKey(VALIDATION_DATA).orElseThrow().manifestKey()).isEqualTo(manifestKey);
      assertThat(grant.digestKey()).isEqualTo(digestKey);
      assertThat(grant.orderKey()).isEqualTo(orderKey);
      assertThat(grant.cfgDigest()).isEqualTo(job.terms().cfgDigest());
      assertThat(grant.seed()).isEqualTo(SEED);
    }
  }

  @Test
  void each_training_grant_is_an_epoch_and_reading_is_none() {
    Id128 job = broker.addJob(terms("mine")).id();
    List<Long> epochs = new ArrayList<>();

    epochs.add(epoch(client(broker.inProcess()).fetchReadOnlyGrant(job)));
    epochs.add(epoch(client(broker.inProcess()).fetchGrant(job)));
    epochs.add(epoch(client(broker.inProcess()).fetchReadOnlyGrant(job)));
    epochs.add(epoch(client(broker.inProcess()).fetchGrant(job)));

    assertThat(epochs).containsExactly(0L, 1L, 1L, 2L);
    assertThat(broker.job(job).orElseThrow().epoch()).isEqualTo(2);
  }

  @Test
  void test_data_is_in_grants_to_read_alone() {
    Id128 job = broker.addJob(terms("mine")).id();
    broker.addTestData(job, List.of(TEST_DATA, TRAINING_DATA));

    try (Grant train = client(broker.inProcess()).fetchGrant(job);
        Grant read = client(broker.inProcess()).fetchReadOnlyGrant(job)) {
      assertThat(train.dataKey(TEST_DATA)).isEmpty();
      assertThat(read.dataKeys())
          .extracting(Grant.DataKey::id)
          .containsExactly(TRAINING_DATA, VALIDATION_DATA, TEST_DATA);
    }
  }

  @Test
  void a_job_that_was_tested_with_more_data_than_a_grant_holds_gets_the_most_recent() {
    Id128 job = broker.addJob(terms("mine")).id();
    int many = 3 * Grant.DATA_SETS_MAX;
    for (int i = 1; i <= many; i++) {
      broker.addTestData(job, List.of(new Id128(100, i)));
    }
    broker.close();
    broker = startBroker(true);

    try (Grant read = client(broker.inProcess()).fetchReadOnlyGrant(job)) {
      assertThat(read.dataKeys())
          .hasSize(Grant.DATA_SETS_MAX)
          .extracting(Grant.DataKey::id)
          .startsWith(TRAINING_DATA, VALIDATION_DATA)
          .endsWith(new Id128(100, many))
          .doesNotContain(new Id128(100, 1));
    }
    broker.addTestData(job, List.of(new Id128(100, 1)));
    assertThat(broker.job(job).orElseThrow().readable(GrantPurpose.READ_ONLY))
        .contains(new Id128(100, 1));
    List<Id128> tooMany = new ArrayList<>();
    for (int i = 0; i < Grant.DATA_SETS_MAX - 1; i++) {
      tooMany.add(new Id128(200, i));
    }
    assertThatThrownBy(() -> broker.addTestData(job, tooMany))
        .isInstanceOf(BrokerException.JobConflict.class)
        .hasMessageContainingAll("at most 62", "got 63");
  }

  @Test
  void the_same_exchange_works_over_https_with_the_pinned_key_alone() {
    Id128 job = broker.addJob(terms("mine")).id();

    try (Grant grant = client(new PinnedHttps(broker.url(), broker.pin())).fetchGrant(job)) {
      assertThat(grant.epoch()).isEqualTo(1);
    }
    assertThatThrownBy(() -> client(new PinnedHttps(broker.url(), "00".repeat(32))).fetchGrant(job))
        .isInstanceOf(AttestationException.Unreachable.class);
  }

  @Test
  void tls_below_1_3_is_not_spoken() {
    PinnedHttps old = new PinnedHttps(broker.url(), broker.pin(), "TLSv1.2");

    assertThatThrownBy(() -> old.call(new KbsRequest("GET", "/", Optional.empty(), "")))
        .isInstanceOf(AttestationException.Unreachable.class);
  }

  @Test
  void bodies_beyond_the_limit_are_refused() {
    PinnedHttps https = new PinnedHttps(broker.url(), broker.pin());

    KbsResponse response =
        https.call(
            new KbsRequest(
                "POST",
                "/kbs/v0/auth",
                Optional.empty(),
                " ".repeat(Limits.DEFAULT.bodyBytes() + 1)));

    assertThat(response.status()).isEqualTo(413);
  }

  @Test
  void a_broker_that_is_gone_is_unreachable() {
    PinnedHttps https = new PinnedHttps(broker.url(), broker.pin());
    Id128 job = broker.addJob(terms("mine")).id();
    broker.close();

    assertThatThrownBy(() -> client(https).fetchGrant(job))
        .isInstanceOf(AttestationException.Unreachable.class);
    broker = startBroker(true);
  }

  @Test
  void other_code_is_refused() {
    Id128 job = broker.addJob(terms("mine")).id();
    Attester other =
        new SimulatedPlatform(SimulatedMachine.made(folder.resolve("platform")), OTHER_CODE);

    assertRefused(() -> new KbsClient(other, broker.inProcess()).fetchGrant(job), 401)
        .hasMessageContaining("measurement")
        .hasMessageContaining(OTHER_CODE.hex());
    assertThat(broker.job(job).orElseThrow().epoch()).isZero();
  }

  @Test
  void simulation_is_refused_by_a_policy_that_does_not_name_it() {
    broker.close();
    broker = startBroker(false);
    Id128 job = broker.addJob(terms("mine")).id();

    assertRefused(() -> client(broker.inProcess()).fetchGrant(job), 401)
        .hasMessageContaining("simulation");
  }

  @Test
  void a_bad_signature_is_refused() {
    Id128 job = broker.addJob(terms("mine")).id();
    KbsTransport host =
        changing(
            "/attest", body -> body.replaceAll("\"signature\":\"....", "\"signature\":\"AAAA"));

    assertRefused(() -> client(host).fetchGrant(job), 401).hasMessageContaining("signature");
  }

  @Test
  void evidence_of_one_enclave_with_the_key_of_another_is_refused() {
    Id128 job = broker.addJob(terms("mine")).id();
    KeyPair hosts = Jwk.generate();
    Map<String, Object> key = new TreeMap<>(Jwk.toMap((ECPublicKey) hosts.getPublic()));
    key.put("alg", RuntimeData.KEY_ALGORITHM);
    KbsTransport host =
        changing("/attest", body -> withMember(body, "runtime-data", "tee-pubkey", key));

    assertRefused(() -> client(host).fetchGrant(job), 401).hasMessageContaining("report data");
  }

  @Test
  void a_replayed_nonce_is_refused() {
    Id128 job = broker.addJob(terms("mine")).id();
    List<String> attestations = new ArrayList<>();
    KbsTransport recording =
        changing(
            "/attest",
            body -> {
              attestations.add(body);
              return body;
            });
    client(recording).fetchGrant(job).close();

    KbsTransport replaying = changing("/attest", _ -> attestations.getFirst());

    assertRefused(() -> client(replaying).fetchGrant(job), 401)
        .hasMessageContaining("nonce is not this session's");
  }

  @Test
  void evidence_over_an_old_nonce_is_refused_although_the_message_names_the_new_one() {
    Id128 job = broker.addJob(terms("mine")).id();
    List<String> attestations = new ArrayList<>();
    client(
            changing(
                "/attest",
                body -> {
                  attestations.add(body);
                  return body;
                }))
        .fetchGrant(job)
        .close();

    KbsTransport replaying =
        changing(
            "/attest",
            body -> {
              Object fresh = Json.object(Json.parseObject(body), "runtime-data").get("nonce");
              return withMember(attestations.getFirst(), "runtime-data", "nonce", fresh);
            });

    assertRefused(() -> client(replaying).fetchGrant(job), 401).hasMessageContaining("report data");
  }

  @Test
  void evidence_that_holds_a_fraction_is_refused_and_written_down() {
    Id128 job = broker.addJob(terms("mine")).id();
    KbsTransport host =
        changing(
            "/attest",
            body -> body.replace("\"primary_evidence\":{", "\"primary_evidence\":{\"a\":0.5,"));

    assertRefused(() -> client(host).fetchGrant(job), 401);
    assertThat(log()).contains("\"event\":\"refused\"", "POST /kbs/v0/attest");
  }

  @Test
  void a_reason_that_is_cut_within_a_character_is_written_down_without_it() {
    String smile = "\ud83d\ude00";
    for (String lead : List.of("", "x")) {
      KbsResponse response =
          broker
              .inProcess()
              .call(
                  new KbsRequest(
                      "POST",
                      "/kbs/v0/auth",
                      Optional.empty(),
                      "{\"version\":\"" + lead + smile.repeat(2000) + "\",\"tee\":\"sample\"}"));
      assertThat(response.status()).isEqualTo(401);
    }
    assertThat(log()).contains(smile);
  }

  @Test
  void a_session_serves_one_attestation_and_one_grant() {
    Id128 job = broker.addJob(terms("mine")).id();
    List<KbsRequest> requests = new ArrayList<>();
    client(
            request -> {
              requests.add(request);
              return broker.inProcess().call(request);
            })
        .fetchGrant(job)
        .close();

    assertThat(requests).hasSize(3);
    assertThat(broker.inProcess().call(requests.get(1)).status()).isEqualTo(401);
    assertThat(broker.inProcess().call(requests.get(2)).status()).isEqualTo(401);
    assertThat(broker.job(job).orElseThrow().epoch()).isEqualTo(1);
  }

  @Test
  void a_session_without_accepted_evidence_gets_no_grant() {
    Id128 job = broker.addJob(terms("mine")).id();
    KbsTransport skipping =
        request ->
            request.path().endsWith("/attest")
                ? new KbsResponse(200, Optional.empty(), "{}")
                : broker.inProcess().call(request);

    assertRefused(() -> client(skipping).fetchGrant(job), 401)
        .hasMessageContaining("no attested session");
  }

  @Test
  void a_session_ends_with_its_time() {
    Id128 job = broker.addJob(terms("mine")).id();
    KbsTransport slow =
        request -> {
          KbsResponse response = broker.inProcess().call(request);
          clock.advance(Limits.DEFAULT.sessionLife().dividedBy(2));
          return response;
        };

    assertRefused(() -> client(slow).fetchGrant(job), 401).hasMessageContaining("too old");
  }

  @Test
  void too_many_open_sessions_are_refused_until_they_end() {
    KbsRequest auth =
        new KbsRequest(
            "POST",
            "/kbs/v0/auth",
            Optional.empty(),
            "{\"version\":\"0.4.0\",\"tee\":\"sample\",\"extra-params\":\"\"}");
    for (int i = 0; i < Limits.DEFAULT.sessions(); i++) {
      assertThat(broker.inProcess().call(auth).status()).isEqualTo(200);
    }

    assertThat(broker.inProcess().call(auth).status()).isEqualTo(429);
    clock.advance(Limits.DEFAULT.sessionLife());
    assertThat(broker.inProcess().call(auth).status()).isEqualTo(200);
  }

  @Test
  void an_unknown_job_is_not_found() {
    Id128 unknown = Id128.random();

    assertRefused(() -> client(broker.inProcess()).fetchGrant(unknown), 404)
        .hasMessageContaining(unknown.toString());
  }

  @Test
  void another_jobs_grant_is_refused_by_the_enclave() {
    Id128 mine = broker.addJob(terms("mine")).id();
    Id128 other = broker.addJob(terms("other")).id();
    KbsTransport host = redirecting(mine.toString(), other.toString());

    assertThatThrownBy(() -> client(host).fetchGrant(mine))
        .isInstanceOf(AttestationException.BadMessage.class)
        .hasMessageContaining(other.toString());
  }

  @Test
  void a_grant_to_read_does_not_serve_to_train() {
    Id128 job = broker.addJob(terms("mine")).id();
    KbsTransport host = redirecting("/grant", "/grant-readonly");

    assertThatThrownBy(() -> client(host).fetchGrant(job))
        .isInstanceOf(AttestationException.BadMessage.class)
        .hasMessageContaining("read-only");
  }

  @Test
  void a_grant_to_another_enclaves_key_cannot_be_opened() {
    Id128 job = broker.addJob(terms("mine")).id();
    List<KbsResponse> responses = new ArrayList<>();
    client(
            request -> {
              KbsResponse response = broker.inProcess().call(request);
              responses.add(response);
              return response;
            })
        .fetchGrant(job)
        .close();
    KbsTransport host =
        request ->
            request.method().equals("GET") ? responses.getLast() : broker.inProcess().call(request);

    assertThatThrownBy(() -> client(host).fetchGrant(job))
        .isInstanceOf(AttestationException.BadMessage.class)
        .hasMessageContaining("not encrypted to this enclave");
  }

  @Test
  void other_versions_other_platforms_and_nonsense_are_refused() {
    Map<String, String> bodies =
        Map.of(
            "{\"version\":\"0.1.1\",\"tee\":\"sample\"}", "0.1.1",
            "{\"version\":\"0.4.0\",\"tee\":\"cca\"}", "cca",
            "{\"version\":\"0.4.0\"}", "tee",
            "[]", "object",
            "", "JSON");

    bodies.forEach(
        (body, word) -> {
          KbsResponse response =
              broker
                  .inProcess()
                  .call(new KbsRequest("POST", "/kbs/v0/auth", Optional.empty(), body));
          assertThat(response.status()).as(body).isEqualTo(401);
          assertThat(response.body()).contains(word).contains("/kbs/errors/");
        });
  }

  @Test
  void nothing_is_found_at_other_paths() {
    for (String path :
        List.of(
            "/",
            "/kbs/v0/resource/plinius/x/grant",
            "/kbs/v0/resource/other/" + Id128.random() + "/grant",
            "/kbs/v0/resource/plinius/" + Id128.random() + "/state-key",
            "/kbs/v0/resource/plinius/" + Id128.random() + "/grant/..")) {
      assertThat(
              broker.inProcess().call(new KbsRequest("GET", path, Optional.empty(), "")).status())
          .as(path)
          .isEqualTo(404);
    }
  }

  @Test
  void a_hostile_reason_is_bounded_and_printable() {
    KbsTransport host =
        _ ->
            new KbsResponse(
                401,
                Optional.empty(),
                Json.write(Map.of("detail", "\u001b[31m\n" + "x".repeat(100_000))));

    assertRefused(() -> client(host).fetchGrant(Id128.random()), 401)
        .satisfies(
            e ->
                assertThat(e.getMessage())
                    .hasSizeLessThan(1200)
                    .doesNotContain("\u001b")
                    .doesNotContain("\n"));
  }

  @Test
  void jobs_and_epochs_and_keys_outlive_the_broker() {
    Job job = broker.addJob(terms("mine"));
    client(broker.inProcess()).fetchGrant(job.id()).close();
    String pin = broker.pin();
    broker.close();

    broker = startBroker(true);

    assertThat(broker.pin()).isEqualTo(pin);
    assertThat(broker.jobByName("mine")).contains(job.atEpoch(1));
    assertThat(epoch(client(broker.inProcess()).fetchGrant(job.id()))).isEqualTo(2);
  }

  @Test
  void a_pool_without_a_record_goes_on_after_its_epoch() {
    Id128 id = Id128.random();
    broker.adopt(id, terms("found"), 6);

    assertThat(epoch(client(broker.inProcess()).fetchGrant(id))).isEqualTo(7);
    assertThatThrownBy(() -> broker.adopt(id, terms("again"), 0))
        .isInstanceOf(BrokerException.JobConflict.class)
        .hasMessageContaining(id.toString());
  }

  @Test
  void a_name_belongs_to_one_job() {
    broker.addJob(terms("mine"));

    assertThatThrownBy(() -> broker.addJob(terms("mine")))
        .isInstanceOf(BrokerException.JobConflict.class)
        .hasMessageContaining("mine");
  }

  @Test
  void two_brokers_over_one_state_see_each_others_jobs_and_never_give_an_epoch_twice()
      throws Exception {
    Id128 job = broker.addJob(terms("mine")).id();
    List<Long> epochs = new java.util.concurrent.CopyOnWriteArrayList<>();
    try (Broker second = startBroker(true)) {
      assertThat(second.pin()).isEqualTo(broker.pin());
      List<Thread> threads = new ArrayList<>();
      for (Broker each : List.of(broker, second)) {
        threads.add(
            Thread.startVirtualThread(
                () -> {
                  for (int i = 0; i < 10; i++) {
                    epochs.add(epoch(client(each.inProcess()).fetchGrant(job)));
                  }
                }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(second.job(job)).isEqualTo(broker.job(job));
    }

    assertThat(epochs).hasSize(20).doesNotHaveDuplicates().contains(1L, 20L);
  }

  @Test
  void the_state_holds_no_secret_and_is_its_owners_alone() throws Exception {
    Id128 job = broker.addJob(terms("mine")).id();
    client(broker.inProcess()).fetchGrant(job).close();
    String log = Files.readString(state().resolve(BrokerLog.FILE));

    assertThat(log).contains("SIMULATION - NOT A TEE").contains(CODE.hex()).contains("\"grant\"");
    try (SecretBytes jobKey = ownerKey.jobKey(job);
        SecretBytes recordKey = ownerKey.recordKey(TRAINING_DATA)) {
      for (SecretBytes secret : List.of(jobKey, recordKey)) {
        assertThat(log).doesNotContain(HexFormat.of().formatHex(secret.copy()));
        assertThat(log).doesNotContain(java.util.Base64.getEncoder().encodeToString(secret.copy()));
        assertThat(contains(Files.readAllBytes(state().resolve(BrokerKeys.FILE)), secret.copy()))
            .isFalse();
      }
    }
    assertThat(mode(state().resolve(BrokerLog.FILE))).isEqualTo("rw-------");
  }

  @Test
  void another_owners_key_does_not_open_the_state() {
    broker.close();
    try (OwnerKey other = OwnerKey.generate()) {
      AppraisalPolicy policy = new AppraisalPolicy(true, Set.of(CODE));
      assertThatThrownBy(() -> Broker.start(other, state(), policy, clock, 0))
          .isInstanceOf(BrokerException.WrongOwner.class)
          .hasMessageContaining(ownerKey.id().toString());
    }
    broker = startBroker(true);
  }

  // ---------------------------------------------------------------- freshness

  @Test
  void the_newest_mirror_is_in_the_next_grant_and_outlives_the_broker() {
    Id128 job = broker.addJob(terms("mine")).id();
    MirrorId third = mirror(3);
    try (Grant grant = client(broker.inProcess()).fetchGrant(job)) {
      assertThat(grant.newest()).contains(MirrorId.NONE);
      client(broker.inProcess()).advance(grant, mirror(1));
      client(broker.inProcess()).advance(grant, third);
      client(broker.inProcess()).advance(grant, third); // an answer was lost
    }
    broker.close();
    broker = startBroker(true);

    try (Grant grant = client(broker.inProcess()).fetchReadOnlyGrant(job)) {
      assertThat(grant.newest()).contains(third);
      assertThat(grant.freshness()).isEqualTo(FreshnessMode.STRICT);
    }
  }

  @Test
  void a_run_is_fenced_by_the_next_one() {
    Id128 job = broker.addJob(terms("mine")).id();
    try (Grant first = client(broker.inProcess()).fetchGrant(job);
        Grant second = client(broker.inProcess()).fetchGrant(job)) {
      conflict(first, mirror(1), "run 1", "run 2");
      client(broker.inProcess()).advance(second, mirror(1));
      conflict(first, mirror(2), "run 1", "run 2");
    }
    assertThat(broker.job(job).orElseThrow().newest()).contains(mirror(1));
    assertThat(log()).contains("run 1 of job").contains("\"event\":\"refused\"");
  }

  @Test
  void an_older_mirror_or_another_of_the_same_number_is_no_advance() {
    Id128 job = broker.addJob(terms("mine")).id();
    try (Grant grant = client(broker.inProcess()).fetchGrant(job)) {
      client(broker.inProcess()).advance(grant, mirror(5));

      conflict(grant, mirror(4), "not newer");
      conflict(grant, MirrorId.of(5, new byte[32]), "not newer");
    }
    assertThat(broker.job(job).orElseThrow().newest()).contains(mirror(5));
  }

  @Test
  void an_advance_that_somebody_changed_or_made_up_is_refused() {
    Id128 job = broker.addJob(terms("mine")).id();
    try (Grant grant = client(broker.inProcess()).fetchGrant(job)) {
      for (UnaryOperator<String> change :
          List.<UnaryOperator<String>>of(
              body -> body.replace("\"mirror\":\"2:", "\"mirror\":\"9:"),
              body -> body.replace("\"epoch\":1", "\"epoch\":2"),
              body -> body.replaceFirst("\"mac\":\"....", "\"mac\":\"AAAA"))) {
        assertThatThrownBy(() -> client(changing(Advance.PATH, change)).advance(grant, mirror(2)))
            .isInstanceOf(AttestationException.Refused.class);
      }
    }
    assertThat(broker.job(job).orElseThrow().newest()).contains(MirrorId.NONE);
  }

  @Test
  void a_confirmation_of_somebody_else_or_of_another_message_is_not_believed() {
    Id128 job = broker.addJob(terms("mine")).id();
    List<KbsResponse> heard = new ArrayList<>();
    try (Grant grant = client(broker.inProcess()).fetchGrant(job)) {
      client(
              request -> {
                heard.add(broker.inProcess().call(request));
                return heard.getLast();
              })
          .advance(grant, mirror(1));

      assertThatThrownBy(() -> client(_ -> heard.getLast()).advance(grant, mirror(2)))
          .isInstanceOf(AttestationException.BadMessage.class)
          .hasMessageContaining("signature");
      assertThatThrownBy(() -> client(_ -> heard.getLast()).advance(grant, mirror(1)))
          .as("an old confirmation of the same mirror")
          .isInstanceOf(AttestationException.BadMessage.class);
      assertThatThrownBy(
              () ->
                  client(_ -> new KbsResponse(200, Optional.empty(), "{\"signature\":\"AAAA\"}"))
                      .advance(grant, mirror(2)))
          .isInstanceOf(AttestationException.BadMessage.class);
    }
  }

  @Test
  void the_owner_may_rewind_to_a_mirror_that_was_told_of_and_fences_the_run() {
    Id128 job = broker.addJob(terms("mine")).id();
    try (Grant grant = client(broker.inProcess()).fetchGrant(job)) {
      client(broker.inProcess()).advance(grant, mirror(2));
      client(broker.inProcess()).advance(grant, mirror(4));

      assertThatThrownBy(() -> broker.rewind(job, 3))
          .isInstanceOf(BrokerException.UnknownMirror.class)
          .hasMessageContaining("the last before it 2");
      assertThat(broker.rewind(job, 2).newest()).contains(mirror(2));
      conflict(grant, mirror(5), "run 2 has begun");
    }
    assertThatThrownBy(() -> broker.rewind(job, 4))
        .as("it belongs to the branch that was given up")
        .isInstanceOf(BrokerException.UnknownMirror.class);
    broker.close();
    broker = startBroker(true);
    try (Grant grant = client(broker.inProcess()).fetchGrant(job)) {
      assertThat(grant.epoch()).isEqualTo(3);
      assertThat(grant.newest()).contains(mirror(2));
      client(broker.inProcess()).advance(grant, MirrorId.of(3, new byte[32]));
    }
  }

  // ---------------------------------------------------------------- other kernels

  @Test
  void the_owners_word_for_other_kernels_is_in_every_grant_of_its_job_from_then_on() {
    Id128 job = broker.addJob(terms("mine")).id();
    Id128 other = broker.addJob(terms("other")).id();
    try (Grant before = client(broker.inProcess()).fetchGrant(job)) {
      assertThat(before.replan()).isZero();
      broker.replan(job, 4);
      broker.replan(job, 4); // said again, which is nothing new
      client(broker.inProcess()).advance(before, mirror(1)); // and fences nobody
    }
    broker.close();
    broker = startBroker(true);

    try (Grant train = client(broker.inProcess()).fetchGrant(job);
        Grant read = client(broker.inProcess()).fetchReadOnlyGrant(job);
        Grant others = client(broker.inProcess()).fetchGrant(other)) {
      assertThat(train.replan()).isEqualTo(4);
      assertThat(train.epoch()).isEqualTo(2);
      assertThat(read.replan()).isEqualTo(4);
      assertThat(others.replan()).isZero();
    }
    assertThat(log())
        .containsOnlyOnce("\"event\":\"replan\"")
        .containsPattern("\"event\":\"replan\".*\"job\":\"" + job + "\",\"kernels\":4");
    broker.replan(job, 0);
    try (Grant train = client(broker.inProcess()).fetchGrant(job)) {
      assertThat(train.replan()).isZero();
    }
  }

  @Test
  void nobody_who_asks_for_a_grant_can_ask_for_other_kernels() {
    Id128 job = broker.addJob(terms("mine")).id();
    KbsTransport inBody =
        request ->
            broker
                .inProcess()
                .call(
                    new KbsRequest(
                        request.method(),
                        request.path(),
                        request.cookie(),
                        request.method().equals("GET")
                            ? "{\"replan\":4}"
                            : request.body().replaceFirst("\\{", "{\"replan\":4,")));

    try (Grant grant = client(inBody).fetchGrant(job)) {
      assertThat(grant.replan()).isZero();
    }
    KbsTransport inPath = redirecting("/grant", "/grant?replan=4");
    assertRefused(() -> client(inPath).fetchGrant(job), 404);
    assertThat(log()).doesNotContain("\"event\":\"replan\"");
  }

  @Test
  void a_word_for_kernels_that_cannot_be_or_for_no_job_is_refused() {
    Id128 job = broker.addJob(terms("mine")).id();

    assertThatThrownBy(() -> broker.replan(job, -1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> broker.replan(Id128.random(), 4))
        .isInstanceOf(BrokerException.UnknownJob.class);
    assertThat(log()).doesNotContain("\"event\":\"replan\"");
  }

  @Test
  void a_job_without_a_record_believes_its_first_run() {
    Id128 job = Id128.random();
    broker.adopt(job, terms("adopted"), 7);
    try (Grant grant = client(broker.inProcess()).fetchGrant(job)) {
      assertThat(grant.epoch()).isEqualTo(8);
      assertThat(grant.newest()).isEmpty();
      client(broker.inProcess()).advance(grant, mirror(40));
    }
    assertThat(broker.job(job).orElseThrow().newest()).contains(mirror(40));
  }

  private void conflict(Grant grant, MirrorId mirror, String... said) {
    assertThatThrownBy(() -> client(broker.inProcess()).advance(grant, mirror))
        .isInstanceOfSatisfying(
            AttestationException.Refused.class,
            refused -> assertThat(refused.status()).isEqualTo(Advance.CONFLICT))
        .hasMessageContainingAll(said);
  }

  private static MirrorId mirror(int sequence) {
    byte[] digest = new byte[32];
    Arrays.fill(digest, (byte) sequence);
    return MirrorId.of(sequence, digest);
  }

  private String log() {
    try {
      return Files.readString(state().resolve(BrokerLog.FILE));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Broker startBroker(boolean allowSimulation) {
    return Broker.start(
        ownerKey, state(), new AppraisalPolicy(allowSimulation, Set.of(CODE)), clock, 0);
  }

  private Path state() {
    return folder.resolve("owner.key.broker");
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private static JobTerms terms(String name) {
    return new JobTerms(
        Optional.of(name),
        CfgDigest.ofCanonical("[net]"),
        SEED,
        List.of(TRAINING_DATA, VALIDATION_DATA),
        FreshnessMode.STRICT);
  }

  private KbsClient client(KbsTransport transport) {
    return new KbsClient(enclave, transport);
  }

  private static long epoch(Grant grant) {
    try (grant) {
      return grant.epoch();
    }
  }

  private KbsTransport changing(String pathEnd, UnaryOperator<String> change) {
    return request ->
        broker
            .inProcess()
            .call(
                request.path().endsWith(pathEnd)
                    ? new KbsRequest(
                        request.method(),
                        request.path(),
                        request.cookie(),
                        change.apply(request.body()))
                    : request);
  }

  private KbsTransport redirecting(String from, String to) {
    return request ->
        broker
            .inProcess()
            .call(
                new KbsRequest(
                    request.method(),
                    request.path().replace(from, to),
                    request.cookie(),
                    request.body()));
  }

  private static String withMember(String body, String object, String name, Object value) {
    Map<String, Object> message = new TreeMap<>(Json.parseObject(body));
    Map<String, Object> inner = new TreeMap<>(Json.object(message, object));
    inner.put(name, value);
    message.put(object, inner);
    return Json.write(message);
  }

  private static boolean contains(byte[] bytes, byte[] searched) {
    return new String(bytes, StandardCharsets.ISO_8859_1)
        .contains(new String(searched, StandardCharsets.ISO_8859_1));
  }

  private static org.assertj.core.api.AbstractThrowableAssert<?, ? extends Throwable> assertRefused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, int status) {
    return assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            AttestationException.Refused.class, e -> assertThat(e.status()).isEqualTo(status));
  }
}
