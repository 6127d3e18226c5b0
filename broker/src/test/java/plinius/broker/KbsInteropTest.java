package plinius.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.attestation.AttestationException;
import plinius.attestation.Measurement;
import plinius.attestation.kbs.CfgDigest;
import plinius.attestation.kbs.FreshnessMode;
import plinius.attestation.kbs.Grant;
import plinius.attestation.kbs.GrantPurpose;
import plinius.attestation.kbs.KbsClient;
import plinius.attestation.kbs.KbsRequest;
import plinius.attestation.kbs.KbsResponse;
import plinius.attestation.kbs.KbsTransport;
import plinius.attestation.kbs.RuntimeData;
import plinius.attestation.simulation.SimulatedPlatform;
import plinius.host.SimulatedMachine;
import plinius.owner.OwnerKey;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;
import plinius.seal.jose.Json;
import plinius.seal.jose.Jwk;
import plinius.verification.AppraisalPolicy;
import plinius.verification.evidence.Members;

/**
 * Messages as Trustee's key broker and its guests exchange them, protocol 0.4.0: those recorded in
 * the vectors, and a server that keeps its rules as its sources have them, not as ours does.
 */
class KbsInteropTest {
  private static final Measurement CODE = new Measurement("11".repeat(Measurement.BYTES));

  @TempDir Path folder;
  private final OwnerKey ownerKey = OwnerKey.generate();
  private Broker broker;

  @BeforeEach
  void start() {
    broker =
        Broker.start(
            ownerKey,
            folder.resolve("state"),
            new AppraisalPolicy(true, Set.of(CODE)),
            Clock.systemUTC(),
            0);
  }

  @AfterEach
  void stop() {
    broker.close();
    ownerKey.close();
  }

  @Test
  void the_recorded_messages_of_a_guest_are_understood_and_refused_for_their_nonce_alone()
      throws IOException {
    Map<String, Object> vector = vector();
    KbsResponse challenge =
        broker.inProcess().call(post(KbsClient.AUTH_PATH, Optional.empty(), vector.get("request")));

    assertThat(challenge.status()).isEqualTo(200);
    Map<String, Object> answer = Json.parseObject(challenge.body());
    assertThat(answer.keySet())
        .isEqualTo(Json.object(vector, "challenge").keySet())
        .containsExactlyInAnyOrder("nonce", "extra-params");
    assertThat(answer.get("extra-params")).isEqualTo("");
    assertThat(Base64.getDecoder().decode(Json.string(answer, "nonce"))).hasSize(32);

    KbsResponse refused =
        broker
            .inProcess()
            .call(post(KbsClient.ATTEST_PATH, challenge.cookie(), vector.get("attestation")));
    assertThat(refused.status()).isEqualTo(401);
    assertThat(refused.body()).contains("the nonce is not this session's", "/kbs/errors/");
  }

  // Trustee's own sample evidence carries no measurement and no signature: with the right nonce it
  // is still nobody.
  @Test
  void sample_evidence_of_another_guest_with_the_right_nonce_is_refused_by_name()
      throws IOException {
    Map<String, Object> vector = vector();
    KbsResponse challenge =
        broker.inProcess().call(post(KbsClient.AUTH_PATH, Optional.empty(), vector.get("request")));
    String nonce = Json.string(Json.parseObject(challenge.body()), "nonce");
    Map<String, Object> message =
        new TreeMap<>(Json.parseObject(Json.write(vector.get("attestation"))));
    Map<String, Object> runtime = new TreeMap<>(Json.object(message, "runtime-data"));
    runtime.put("nonce", nonce);
    message.put("runtime-data", runtime);

    KbsResponse refused =
        broker.inProcess().call(post(KbsClient.ATTEST_PATH, challenge.cookie(), message));

    assertThat(refused.status()).isEqualTo(401);
    assertThat(refused.body()).contains("evidence refused", "simulated platform");
  }

  @Test
  void what_our_enclave_says_binds_as_the_recorded_guest_does() throws IOException {
    Map<String, Object> vector = vector();
    Map<String, Object> runtime = Json.object(Json.object(vector, "attestation"), "runtime-data");
    Map<String, Object> evidence =
        Json.object(
            Json.object(Json.object(vector, "attestation"), "tee-evidence"), "primary_evidence");
    RuntimeData said =
        new RuntimeData(Json.string(runtime, "nonce"), Json.object(runtime, "tee-pubkey"));

    assertThat(said.reportData("").hex()).isEqualTo(vector.get("report_data_64_hex"));
    assertThat(Base64.getDecoder().decode(Json.string(evidence, "report_data")))
        .isEqualTo(Arrays.copyOf(said.reportData("").bytes(), 48));
  }

  @Test
  void an_existing_key_broker_gives_our_enclave_the_grant_that_its_owner_exported() {
    Id128 job = addJob(FreshnessMode.OFFLINE);
    Trustee trustee = new Trustee();
    trustee.put("plinius/" + job + "/grant", broker.records().exportGrant(job, GrantPurpose.TRAIN));
    trustee.put(
        "plinius/" + job + "/grant-readonly",
        broker.records().exportGrant(job, GrantPurpose.READ_ONLY));

    try (Grant train = client(trustee).fetchGrant(job);
        Grant read = client(trustee).fetchReadOnlyGrant(job);
        SecretBytes jobKey = ownerKey.jobKey(job)) {
      assertThat(train.jobKey()).isEqualTo(jobKey);
      assertThat(train.epoch()).isEqualTo(1);
      assertThat(train.freshness()).isEqualTo(FreshnessMode.OFFLINE);
      assertThat(train.newest()).isEmpty();
      assertThat(read.purpose()).isEqualTo(GrantPurpose.READ_ONLY);
    }
    assertThat(String.join("\n", broker.records().log()))
        .contains("exported to another key broker");
    assertThatThrownBy(() -> client(trustee).fetchGrant(Id128.random()))
        .isInstanceOfSatisfying(
            AttestationException.Refused.class, e -> assertThat(e.status()).isEqualTo(404));
  }

  @Test
  void a_job_with_a_record_is_not_exported() {
    Id128 job = addJob(FreshnessMode.STRICT);

    assertThatThrownBy(() -> broker.records().exportGrant(job, GrantPurpose.TRAIN))
        .isInstanceOf(BrokerException.JobConflict.class)
        .hasMessageContaining("keeps no record of mirrors");
    assertThat(broker.job(job).orElseThrow().epoch()).isZero();
  }

  @Test
  void a_broker_takes_the_versions_that_its_owner_names() {
    broker.close();
    broker =
        Broker.start(
            ownerKey,
            folder.resolve("state"),
            BrokerSettings.of(new AppraisalPolicy(true, Set.of(CODE)))
                .withProtocolVersions(Set.of("0.4.0", "0.5.0")),
            Clock.systemUTC());
    for (String version : List.of("0.4.0", "0.5.0", "0.6.0")) {
      Map<String, Object> request = Map.of("version", version, "tee", "sample", "extra-params", "");
      assertThat(
              broker
                  .inProcess()
                  .call(post(KbsClient.AUTH_PATH, Optional.empty(), new TreeMap<>(request)))
                  .status())
          .isEqualTo(version.equals("0.6.0") ? 401 : 200);
    }
  }

  private Id128 addJob(FreshnessMode freshness) {
    return broker
        .addJob(
            new JobTerms(
                Optional.empty(),
                CfgDigest.ofCanonical("[net]"),
                1,
                List.of(new Id128(1, 1)),
                freshness))
        .id();
  }

  private KbsClient client(KbsTransport transport) {
    return new KbsClient(
        new SimulatedPlatform(SimulatedMachine.made(folder.resolve("platform")), CODE), transport);
  }

  private static KbsRequest post(String path, Optional<String> cookie, Object body) {
    return new KbsRequest("POST", path, cookie, Json.write(body));
  }

  private static Map<String, Object> vector() throws IOException {
    Path vectors = Path.of(System.getProperty("plinius.evidence", "").split(",", -1)[0]);
    Path file = vectors.resolve("kbs").resolve("rcar-jwe-synthetic.json");
    assumeTrue(Files.exists(file), () -> "no recorded messages at " + file);
    return Json.parseObject(Files.readAllBytes(file));
  }

  /** Trustee's rules (kbs/src/attestation, kbs/src/jwe), for the guest "sample". */
  private static final class Trustee implements KbsTransport {
    private final Map<String, byte[]> resources = new HashMap<>();
    private final Map<String, String> nonces = new HashMap<>();
    private final Map<String, Map<String, Object>> attested = new HashMap<>();
    private final SecureRandom random = new SecureRandom();

    void put(String path, byte[] content) {
      resources.put(path, content);
    }

    @Override
    public KbsResponse call(KbsRequest request) {
      return switch (request.method() + " " + request.path()) {
        case "POST /kbs/v0/auth" -> auth(Json.parseObject(request.body()));
        case "POST /kbs/v0/attest" -> attest(request.cookie(), Json.parseObject(request.body()));
        default -> resource(request);
      };
    }

    private KbsResponse auth(Map<String, Object> request) {
      if (!request.get("version").equals("0.4.0") || !request.get("tee").equals("sample")) {
        return refusal("ProtocolVersion");
      }
      assertThat(Members.list(Json.object(request, "extra-params"), "supported-hash-algorithms"))
          .contains("sha384");
      byte[] nonce = new byte[32];
      random.nextBytes(nonce);
      String session = Id128.random().toString();
      nonces.put(session, Base64.getEncoder().encodeToString(nonce));
      return new KbsResponse(
          200,
          Optional.of(session),
          "{\"nonce\":\"" + nonces.get(session) + "\",\"extra-params\":\"\"}");
    }

    private KbsResponse attest(Optional<String> cookie, Map<String, Object> message) {
      Map<String, Object> runtime = Json.object(message, "runtime-data");
      Map<String, Object> tee = Json.object(message, "tee-evidence");
      String nonce = cookie.map(nonces::get).orElse("");
      if (!runtime.get("nonce").equals(nonce)) {
        return refusal("AttestationFailed");
      }
      // An absent member of additional evidence is a decoding error there.
      Map<String, Object> bound = new TreeMap<>(runtime);
      bound.put("additional-evidence", Json.string(tee, "additional_evidence"));
      Map<String, Object> evidence = Json.object(tee, "primary_evidence");
      String want = Base64.getEncoder().encodeToString(sha384(Json.write(bound)));
      if (!evidence.get("svn").equals("1") || !evidence.get("report_data").equals(want)) {
        return refusal("AttestationFailed");
      }
      attested.put(cookie.orElseThrow(), Json.object(runtime, "tee-pubkey"));
      return new KbsResponse(200, Optional.empty(), "{\"token\":\"e30.e30.AA\"}");
    }

    private KbsResponse resource(KbsRequest request) {
      Map<String, Object> key = request.cookie().map(attested::get).orElse(Map.of());
      if (key.isEmpty()) {
        return refusal("InvalidSession");
      }
      byte[] content = resources.get(request.path().substring("/kbs/v0/resource/".length()));
      if (content == null) {
        return new KbsResponse(404, Optional.empty(), "{\"detail\":\"not found\"}");
      }
      assertThat(key).containsEntry("alg", "ECDH-ES+A256KW").containsEntry("crv", "P-256");
      Map<String, Object> jwk = new TreeMap<>(key);
      jwk.remove("alg");
      return new KbsResponse(200, Optional.empty(), JweSealer.seal(Jwk.fromMap(jwk), content));
    }

    private static KbsResponse refusal(String type) {
      return new KbsResponse(
          401, Optional.empty(), "{\"type\":\"" + type + "\",\"detail\":\"no\"}");
    }

    private static byte[] sha384(String text) {
      try {
        return MessageDigest.getInstance("SHA-384").digest(text.getBytes(StandardCharsets.UTF_8));
      } catch (NoSuchAlgorithmException e) {
        throw new AssertionError(e);
      }
    }
  }
}
