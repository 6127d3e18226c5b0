package plinius.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.attestation.AttestationException;
import plinius.attestation.Attester;
import plinius.attestation.Evidence;
import plinius.attestation.Measurement;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;
import plinius.attestation.kbs.CfgDigest;
import plinius.attestation.kbs.FreshnessMode;
import plinius.attestation.kbs.Grant;
import plinius.attestation.kbs.KbsClient;
import plinius.attestation.kbs.KbsRequest;
import plinius.attestation.kbs.KbsTransport;
import plinius.attestation.simulation.SimulatedPlatform;
import plinius.attestation.tsm.MadeUpMachine;
import plinius.host.SimulatedMachine;
import plinius.host.SnpEvidence;
import plinius.owner.OwnerKey;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;
import plinius.seal.jose.Json;
import plinius.testkit.tee.MadeUpSnp;
import plinius.testkit.tee.MadeUpTdx;
import plinius.verification.AppraisalPolicy;
import plinius.verification.EndorsementFolder;
import plinius.verification.Verifier;
import plinius.verification.evidence.Endorsements;
import plinius.verification.evidence.TrustAnchors;

/**
 * Keys for hardware: TDX domains and SEV-SNP machines that nobody built, through their attester,
 * over HTTPS, under policies of jobs and with endorsements from the owner's folder or the host.
 */
class HardwareBrokerTest {
  private static final String CODE = "aa".repeat(48);
  private static final String NEXT_CODE = "bb".repeat(48);
  private static final int DENIED = 403;
  private static final int UNAUTHORIZED = 401;

  @TempDir static Path made;
  private static OwnerKey ownerKey;

  @TempDir Path folder;
  private final MadeUpTdx tdx = new MadeUpTdx();
  private final MadeUpSnp snp = new MadeUpSnp();
  private final SettableClock clock = new SettableClock(MadeUpTdx.AT);
  private Broker broker;

  @BeforeAll
  static void make_the_brokers_keys() {
    ownerKey = OwnerKey.generate();
    try (BrokerRecord first = BrokerRecord.open(ownerKey, made, Clock.systemUTC())) {
      assertThat(first.pin()).matches("[0-9a-f]{64}");
    }
  }

  @BeforeEach
  void start() throws IOException {
    Files.createDirectories(folder.resolve("state"));
    Files.copy(made.resolve(BrokerKeys.FILE), folder.resolve("state").resolve(BrokerKeys.FILE));
    Files.createDirectories(endorsements());
    broker = start(new AppraisalPolicy(false, Set.of()), new EndorsementFolder(endorsements()));
  }

  @AfterEach
  void stop() {
    broker.close();
  }

  @Test
  void a_trust_domain_gets_its_keys_with_collateral_of_the_owners_folder() {
    write(tdx.endorsements());
    Id128 job = job("[tdx]\nmrtd = " + CODE);

    try (Grant grant = tdxClient(CODE).fetchGrant(job);
        SecretBytes jobKey = ownerKey.jobKey(job)) {
      assertThat(grant.epoch()).isEqualTo(1);
      assertThat(grant.jobKey()).isEqualTo(jobKey);
    }
    assertThat(log()).contains("FMSPC 00906ed50000").contains(CODE);
  }

  @Test
  void without_collateral_the_status_is_unknown_and_no_key_goes_out() {
    Id128 job = job("[tdx]\nmrtd = " + CODE);

    refused(() -> tdxClient(CODE).fetchGrant(job), UNAUTHORIZED, "tcb-status is Unknown");
    write(tdx.endorsements());
    tdxClient(CODE).fetchGrant(job).close();
  }

  @Test
  void collateral_that_has_ended_counts_for_nothing() {
    write(tdx.endorsements());
    Id128 job = job("[tdx]\nmrtd = " + CODE);
    clock.advance(java.time.Duration.ofDays(30));

    refused(() -> tdxClient(CODE).fetchGrant(job), UNAUTHORIZED, "TCB info", "fetch it again");
  }

  @Test
  void endorsements_may_come_with_the_evidence_and_are_believed_for_their_signatures_alone() {
    Id128 job = job("[tdx]\nmrtd = " + CODE);

    tdxClient(CODE, delivering(tdx.endorsements())).fetchGrant(job).close();
    Map<String, byte[]> forged = new TreeMap<>(tdx.endorsements());
    forged.put("tcbinfo.json", new MadeUpTdx().endorsements().get("tcbinfo.json"));
    refused(
        () -> tdxClient(CODE, delivering(forged)).fetchGrant(job),
        UNAUTHORIZED,
        "TCB info signature");
  }

  @Test
  void a_machine_of_amds_gets_its_keys_with_certificates_of_the_folder_or_of_its_host() {
    Id128 job = job("[snp]\nmeasurement = " + CODE + "\nmin-tcb-turin = snp:4");
    clock.advance(java.time.Duration.between(MadeUpTdx.AT, MadeUpSnp.AT));

    refused(() -> snpClient(CODE, new byte[0]).fetchGrant(job), UNAUTHORIZED, "VEK certificate");
    snpClient(CODE, certificateTable()).fetchGrant(job).close();
    write(snp.endorsements());
    snpClient(CODE, new byte[0]).fetchGrant(job).close();
    assertThat(broker.job(job).orElseThrow().epoch()).isEqualTo(2);
  }

  @Test
  void other_code_a_debugged_domain_and_another_makers_root_are_refused() {
    write(tdx.endorsements());
    Id128 job = job("[tdx]\nmrtd = " + CODE);
    Attester debugged =
        MadeUpMachine.attester(
            "tdx_guest",
            bound -> hex(tdx.quote(MadeUpTdx.Domain.plain().of(CODE, bound).debugged())),
            new byte[0]);
    MadeUpTdx stranger = new MadeUpTdx();
    Attester foreign =
        MadeUpMachine.attester(
            "tdx_guest",
            bound -> hex(stranger.quote(MadeUpTdx.Domain.plain().of(CODE, bound))),
            new byte[0]);

    refused(() -> tdxClient(NEXT_CODE).fetchGrant(job), UNAUTHORIZED, "mrtd is " + NEXT_CODE);
    refused(() -> new KbsClient(debugged, https()).fetchGrant(job), UNAUTHORIZED, "debug is true");
    refused(() -> new KbsClient(foreign, https()).fetchGrant(job), UNAUTHORIZED, "PCK chain");
    assertThat(broker.job(job).orElseThrow().epoch()).isZero();
    assertThat(log()).contains("mrtd is " + NEXT_CODE, "debug is true", "PCK chain");
  }

  @Test
  void evidence_that_is_bound_to_another_exchange_is_refused() {
    write(tdx.endorsements());
    Id128 job = job("[tdx]\nmrtd = " + CODE);
    Attester relayed =
        MadeUpMachine.attester(
            "tdx_guest",
            _ -> hex(tdx.quote(MadeUpTdx.Domain.plain().of(CODE, "5a".repeat(64)))),
            new byte[0]);

    refused(() -> new KbsClient(relayed, https()).fetchGrant(job), UNAUTHORIZED, "report data");
  }

  @Test
  void each_job_has_its_own_policy_and_a_new_version_goes_on_under_one_that_names_both() {
    write(tdx.endorsements());
    Id128 old = job("[tdx]\nmrtd = " + CODE);
    Id128 both = job("[tdx]\nmrtd = " + CODE + " " + NEXT_CODE);

    tdxClient(CODE).fetchGrant(both).close();
    assertThat(epoch(tdxClient(NEXT_CODE).fetchGrant(both))).isEqualTo(2);
    refused(() -> tdxClient(NEXT_CODE).fetchGrant(old), DENIED, "mrtd is " + NEXT_CODE, CODE);
    permit(old, "[tdx]\nmrtd = " + CODE + " " + NEXT_CODE);
    assertThat(epoch(tdxClient(NEXT_CODE).fetchGrant(old))).isEqualTo(1);
  }

  @Test
  void a_simulation_gets_keys_of_jobs_alone_whose_policy_names_it() {
    write(tdx.endorsements());
    Measurement code = new Measurement("11".repeat(Measurement.BYTES));
    Id128 hardware = job("[tdx]\nmrtd = " + CODE);
    Id128 simulated = job("[simulation]\nmeasurement = " + code.hex());
    KbsClient simulation =
        new KbsClient(
            new SimulatedPlatform(SimulatedMachine.made(folder.resolve("platform")), code),
            https());

    simulation.fetchGrant(simulated).close();
    refused(() -> simulation.fetchGrant(hardware), DENIED, "a simulation, which protects nothing");
  }

  @Test
  void policies_outlive_the_broker_and_a_changed_copy_gives_no_keys() throws IOException {
    write(tdx.endorsements());
    String policy = "[tdx] # ours\nmrtd = " + CODE;
    Id128 job = job(policy);
    String digest = broker.job(job).orElseThrow().permission().policy().orElseThrow();
    broker.close();
    broker = start(new AppraisalPolicy(false, Set.of()), new EndorsementFolder(endorsements()));
    assertThat(broker.records().policyText(digest)).isEqualTo(policy);
    tdxClient(CODE).fetchGrant(job).close();
    broker.close();
    Path copy = folder.resolve("state").resolve(Policies.DIRECTORY).resolve(digest);
    Files.writeString(copy, policy.replace(CODE, NEXT_CODE));
    broker = start(new AppraisalPolicy(false, Set.of()), new EndorsementFolder(endorsements()));

    refused(() -> tdxClient(NEXT_CODE).fetchGrant(job), UNAUTHORIZED, "1 could not be used");
  }

  @Test
  void a_changed_policy_withholds_its_own_jobs_keys_alone_and_is_made_good_by_its_text()
      throws IOException {
    write(tdx.endorsements());
    String policy = "[tdx] # of the first\nmrtd = " + CODE;
    Id128 first = job(policy);
    Id128 second = job("[tdx]\nmrtd = " + CODE);
    String digest = broker.job(first).orElseThrow().permission().policy().orElseThrow();
    broker.close();
    Path copy = folder.resolve("state").resolve(Policies.DIRECTORY).resolve(digest);
    Files.writeString(copy, policy.replace(CODE, NEXT_CODE));
    broker = start(new AppraisalPolicy(false, Set.of()), new EndorsementFolder(endorsements()));

    tdxClient(CODE).fetchGrant(second).close();
    refused(() -> tdxClient(CODE).fetchGrant(first), DENIED, "lost or changed", "--policy");
    permit(first, policy);
    tdxClient(CODE).fetchGrant(first).close();
    broker.close();
    broker = start(new AppraisalPolicy(false, Set.of()), new EndorsementFolder(endorsements()));
    tdxClient(CODE).fetchGrant(first).close();
  }

  @Test
  void the_policy_of_a_revoked_job_accepts_nobody() {
    write(tdx.endorsements());
    Id128 revoked = job("[tdx]\nmrtd = " + CODE);
    broker.records().revoke(revoked);
    List<String> asked = new ArrayList<>();
    KbsTransport host =
        request -> {
          asked.add(request.path());
          return https().call(request);
        };

    refused(() -> tdxClient(CODE, host).fetchGrant(revoked), DENIED, "revoked by its owner");
    assertThat(asked.getLast()).as("no token went out").isEqualTo(KbsClient.ATTEST_PATH);
  }

  // The evidence is real, so its nonce is not ours: everything else has to hold before that is
  // seen.
  @Test
  void recorded_evidence_of_a_real_platform_is_refused_for_its_nonce_and_nothing_else()
      throws IOException {
    Path vectors = Path.of(System.getProperty("plinius.evidence", "").split(",", -1)[0]);
    Path entry = vectors.resolve("tdx/v4-phala");
    assumeTrue(Files.isDirectory(entry), () -> "no recorded evidence at " + entry);
    broker.close();
    broker =
        Broker.start(
            ownerKey,
            folder.resolve("state"),
            BrokerSettings.of(new AppraisalPolicy(false, Set.of()))
                .withEndorsements(new EndorsementFolder(entry.resolve("collateral"))),
            new SettableClock(Instant.parse("2025-07-01T00:00:00Z")));
    byte[] quote = Files.readAllBytes(entry.resolve("quote.bin"));
    String mrtd = HexFormat.of().formatHex(quote, 48 + 136, 48 + 136 + 48);
    Id128 job = job("[tdx]\nmrtd = " + mrtd);

    refused(
        () ->
            new KbsClient(new Recorded(TeeKind.TDX, quote, new Measurement(mrtd)), https())
                .fetchGrant(job),
        UNAUTHORIZED,
        "evidence refused: report data is",
        "this nonce and this key");
  }

  // ---------------------------------------------------------------- the owner's word

  @Test
  void a_grant_that_has_ended_gives_no_keys_and_hears_no_run() {
    write(tdx.endorsements());
    Id128 job = job("[tdx]\nmrtd = " + CODE);
    Permission until =
        new Permission(
            broker.job(job).orElseThrow().permission().policy(),
            Optional.of(clock.instant().plusSeconds(60)));
    broker.records().permit(job, until);
    try (Grant grant = tdxClient(CODE).fetchGrant(job)) {
      tdxClient(CODE).advance(grant, mirror(1));
      clock.advance(java.time.Duration.ofSeconds(60));

      refused(() -> tdxClient(CODE).advance(grant, mirror(2)), DENIED, "ended at 2025-06-15T00:01");
      refused(() -> tdxClient(CODE).fetchGrant(job), DENIED, "ended at 2025-06-15T00:01");
    }
    assertThat(log()).contains("ended at 2025-06-15T00:01");
    assertThat(broker.job(job).orElseThrow().newest()).contains(mirror(1));
  }

  @Test
  void a_revoked_job_gets_no_keys_its_run_is_fenced_and_a_new_grant_ends_that() {
    write(tdx.endorsements());
    Id128 job = job("[tdx]\nmrtd = " + CODE);
    Id128 other = job("[tdx]\nmrtd = " + CODE);
    Permission permission = broker.job(job).orElseThrow().permission();
    try (Grant grant = tdxClient(CODE).fetchGrant(job)) {
      broker.records().revoke(job);

      refused(() -> tdxClient(CODE).advance(grant, mirror(1)), DENIED, "revoked by its owner");
      refused(() -> tdxClient(CODE).fetchGrant(job), DENIED, "revoked by its owner");
      refused(() -> tdxClient(CODE).fetchReadOnlyGrant(job), DENIED, "revoked by its owner");
      tdxClient(CODE).fetchGrant(other).close();
      broker.records().permit(job, permission);
      refused(() -> tdxClient(CODE).advance(grant, mirror(1)), 409, "one at a time");
    }
    assertThat(epoch(tdxClient(CODE).fetchGrant(job))).isEqualTo(3);
    assertThat(log()).contains("\"event\":\"revoke\"", "\"event\":\"permit\"", job.toString());
  }

  @Test
  void a_cookie_from_another_address_is_worth_nothing_and_does_its_session_no_harm() {
    write(tdx.endorsements());
    Id128 job = job("[tdx]\nmrtd = " + CODE);
    PinnedHttps elsewhere = https("127.0.0.2");
    KbsTransport robbed =
        request -> {
          if (request.cookie().isPresent()) {
            assertThat(elsewhere.call(request).status()).isEqualTo(UNAUTHORIZED);
          }
          return https().call(request);
        };

    assertThat(epoch(tdxClient(CODE, robbed).fetchGrant(job))).isEqualTo(1);
    assertThat(log()).contains("\"peer\":\"127.0.0.2\"", "its cookie was stolen");
  }

  @Test
  void more_exchanges_than_the_limit_are_refused_until_time_passes() {
    broker.close();
    broker =
        Broker.start(
            ownerKey,
            folder.resolve("state"),
            BrokerSettings.of(new AppraisalPolicy(false, Set.of()))
                .withLimits(new Limits(4096, 2, 100, java.time.Duration.ofMinutes(1))),
            clock);
    KbsRequest auth =
        new KbsRequest(
            "POST",
            KbsClient.AUTH_PATH,
            Optional.empty(),
            "{\"version\":\"0.4.0\",\"tee\":\"tdx\",\"extra-params\":\"\"}");
    for (int i = 0; i < 4; i++) {
      assertThat(https().call(auth).status()).isEqualTo(200);
    }

    assertThat(https().call(auth).status()).isEqualTo(429);
    assertThat(https("127.0.0.2").call(auth).status()).isEqualTo(200);
    clock.advance(java.time.Duration.ofSeconds(1));
    assertThat(https().call(auth).status()).isEqualTo(200);
    assertThat(log()).contains("too many requests");
  }

  @Test
  void one_address_cannot_keep_the_others_out_by_opening_sessions() {
    broker.close();
    broker =
        Broker.start(
            ownerKey,
            folder.resolve("state"),
            BrokerSettings.of(new AppraisalPolicy(false, Set.of()))
                .withLimits(new Limits(4096, 100, 3, java.time.Duration.ofMinutes(1))),
            clock);
    KbsRequest auth =
        post(KbsClient.AUTH_PATH, "{\"version\":\"0.4.0\",\"tee\":\"tdx\",\"extra-params\":\"\"}");
    Optional<String> honest = https("127.0.0.2").call(auth).cookie();
    for (int i = 0; i < 2; i++) {
      assertThat(https().call(auth).status()).isEqualTo(200);
    }

    assertThat(https().call(auth).status()).as("it has the most").isEqualTo(429);
    assertThat(https("127.0.0.3").call(auth).status()).isEqualTo(200);
    assertThat(
            https("127.0.0.2")
                .call(new KbsRequest("POST", KbsClient.ATTEST_PATH, honest, "{}"))
                .body())
        .as("its session is still there")
        .contains("runtime-data");
  }

  @Test
  void a_flood_is_counted_and_takes_few_lines_of_the_log() {
    broker.close();
    broker =
        Broker.start(
            ownerKey,
            folder.resolve("state"),
            BrokerSettings.of(new AppraisalPolicy(false, Set.of()))
                .withLimits(new Limits(4096, 1, 100, java.time.Duration.ofMinutes(1))),
            clock);
    Id128 job = job("[tdx]\nmrtd = " + CODE);
    int before = broker.records().log().size();
    KbsRequest ask = new KbsRequest("GET", KbsService.STATUS_PATH + job, Optional.empty(), "");
    List<Integer> answers = new ArrayList<>();
    PinnedHttps https = https();
    for (int i = 0; i < 30; i++) {
      answers.add(https.call(ask).status());
    }

    assertThat(answers.subList(0, 20)).containsOnly(200);
    assertThat(answers.subList(20, 30)).containsOnly(429);
    assertThat(https("127.0.0.2").call(ask).status()).isEqualTo(200);
    assertThat(broker.records().log()).hasSize(before + 1);
    broker.close();
    broker = start(new AppraisalPolicy(false, Set.of()), new EndorsementFolder(endorsements()));
    assertThat(broker.records().log()).hasSize(before + 2);
    assertThat(broker.records().log().getLast()).contains("9 more requests were refused");
  }

  @Test
  void each_path_takes_as_long_a_body_as_it_needs() {
    assertThat(https().call(post("/kbs/v0/external/plinius/advance", " ".repeat(5000))).status())
        .isEqualTo(413);
    assertThat(https().call(post("/elsewhere", " ")).status()).isEqualTo(413);
    assertThat(https().call(post(KbsClient.ATTEST_PATH, " ".repeat(5000))).status()).isEqualTo(401);
  }

  @Test
  void every_refusal_is_in_the_log_with_who_what_and_why_and_no_secret() {
    Id128 job = job("[tdx]\nmrtd = " + CODE);
    List<KbsRequest> bad =
        List.of(
            post(KbsClient.AUTH_PATH, "{\"version\":\"0.1.1\",\"tee\":\"tdx\"}"),
            post(KbsClient.AUTH_PATH, "{\"version\":\"0.4.0\",\"tee\":\"cca\"}"),
            post(KbsClient.AUTH_PATH, "nonsense"),
            post(KbsClient.ATTEST_PATH, "{}"),
            post("/kbs/v0/external/plinius/advance", "{}"),
            new KbsRequest("GET", "/elsewhere", Optional.empty(), ""),
            new KbsRequest(
                "GET",
                "/kbs/v0/resource/plinius/" + job + "/grant",
                Optional.of("0123456789abcdef"),
                ""));
    int before = broker.records().log().size();

    bad.forEach(request -> assertThat(https().call(request).status()).isGreaterThan(400));

    List<String> lines = broker.records().log().subList(before, before + bad.size());
    for (int i = 0; i < bad.size(); i++) {
      assertThat(lines.get(i))
          .contains("\"event\":\"refused\"", "\"peer\":\"127.0.0.1\"", bad.get(i).path())
          .doesNotContain("0123456789abcdef");
    }
    assertThat(lines.getLast()).contains("\"job\":\"" + job + "\"");
  }

  @Test
  void who_knows_a_jobs_id_may_ask_how_it_stands() {
    write(tdx.endorsements());
    Id128 job = job("[tdx]\nmrtd = " + CODE);
    try (Grant grant = tdxClient(CODE).fetchGrant(job)) {
      tdxClient(CODE).advance(grant, mirror(7));
    }
    KbsRequest ask = new KbsRequest("GET", KbsService.STATUS_PATH + job, Optional.empty(), "");

    assertThat(https().call(ask).body())
        .contains("\"epoch\":1", "\"newest\":\"7:", "\"state\":\"granted\"", "strict");
    broker.records().revoke(job);
    assertThat(https().call(ask).body()).contains("revoked by its owner");
  }

  // ---------------------------------------------------------------- helpers

  private static KbsRequest post(String path, String body) {
    return new KbsRequest("POST", path, Optional.empty(), body);
  }

  /** Evidence as it was recorded, whatever is asked. */
  private record Recorded(TeeKind kind, String quote, Measurement measurement) implements Attester {
    Recorded(TeeKind kind, byte[] quote, Measurement measurement) {
      this(kind, Base64.getEncoder().encodeToString(quote), measurement);
    }

    @Override
    public Evidence attest(ReportData reportData) {
      return new Evidence(kind, Json.write(new TreeMap<String, Object>(Map.of("quote", quote))));
    }

    @Override
    public Optional<SecretBytes> sealingKey() {
      return Optional.empty();
    }
  }

  private Broker start(AppraisalPolicy policy, EndorsementFolder source) {
    Verifier verifier =
        new Verifier(
            new TrustAnchors(
                List.of(tdx.root.certificate()), List.of(snp.root.certificate()), List.of()));
    return Broker.start(
        ownerKey,
        folder.resolve("state"),
        BrokerSettings.of(policy).withVerifier(verifier).withEndorsements(source),
        clock);
  }

  private Path endorsements() {
    return folder.resolve("endorsements");
  }

  private void write(Map<String, byte[]> files) {
    files.forEach(
        (name, bytes) -> {
          try {
            Files.write(endorsements().resolve(name), bytes);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    assertThat(new EndorsementFolder(endorsements()).get()).isNotEqualTo(Endorsements.none());
  }

  private Id128 job(String policy) {
    JobTerms terms =
        new JobTerms(
            Optional.empty(),
            CfgDigest.ofCanonical("[net]"),
            1,
            List.of(new Id128(1, 1)),
            FreshnessMode.STRICT);
    Id128 job = broker.addJob(terms).id();
    permit(job, policy);
    return job;
  }

  private void permit(Id128 job, String policy) {
    String digest = broker.records().keepPolicy("test", policy);
    broker.records().permit(job, new Permission(Optional.of(digest), Optional.empty()));
  }

  private KbsClient tdxClient(String code) {
    return tdxClient(code, https());
  }

  private KbsClient tdxClient(String code, KbsTransport transport) {
    return new KbsClient(
        MadeUpMachine.attester(
            "tdx_guest",
            bound -> hex(tdx.quote(MadeUpTdx.Domain.plain().of(code, bound))),
            new byte[0]),
        transport);
  }

  private KbsClient snpClient(String code, byte[] certificates) {
    return new KbsClient(
        MadeUpMachine.attester("sev_guest", bound -> hex(snp.report(code, bound)), certificates),
        translating());
  }

  /** As the host does: an enclave gives the kernel's bytes, and brokers read them by name. */
  private KbsTransport translating() {
    return request -> {
      byte[] body = request.body().getBytes(StandardCharsets.UTF_8);
      return https()
          .call(
              new KbsRequest(
                  request.method(),
                  request.path(),
                  request.cookie(),
                  new String(SnpEvidence.translate(body), StandardCharsets.UTF_8)));
    };
  }

  /** What a host gives its guests: GUIDs, offsets, lengths; then the certificates. */
  private byte[] certificateTable() {
    byte[] vcek = snp.endorsements().get("vcek.der");
    byte[] ask = plinius.testkit.tee.CertificateMaker.encoded(snp.ask.certificate());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(entry("63da758d-e664-4564-adc5-f4b93be8accd", 72, vcek.length));
    out.writeBytes(entry("4ab7b379-bbac-4fe4-a02f-05aef327c782", 72 + vcek.length, ask.length));
    out.writeBytes(new byte[24]);
    out.writeBytes(vcek);
    out.writeBytes(ask);
    return out.toByteArray();
  }

  private static byte[] entry(String guid, int offset, int length) {
    // The first three fields of a GUID are little-endian, the rest is in the order of its digits.
    java.util.UUID id = java.util.UUID.fromString(guid);
    long high = id.getMostSignificantBits();
    ByteBuffer entry = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    entry.putInt((int) (high >> 32)).putShort((short) (high >> 16)).putShort((short) high);
    entry.order(ByteOrder.BIG_ENDIAN).putLong(id.getLeastSignificantBits());
    return entry.order(ByteOrder.LITTLE_ENDIAN).putInt(offset).putInt(length).array();
  }

  private PinnedHttps https() {
    return new PinnedHttps(broker.url(), broker.pin());
  }

  private PinnedHttps https(String from) {
    return PinnedHttps.from(broker.url(), broker.pin(), from);
  }

  /** A host that knows the makers' services and adds what they say. */
  private KbsTransport delivering(Map<String, byte[]> endorsements) {
    return request -> {
      if (!request.path().equals(KbsClient.ATTEST_PATH)) {
        return https().call(request);
      }
      Map<String, Object> message = new TreeMap<>(Json.parseObject(request.body()));
      Map<String, Object> tee = new TreeMap<>(Json.object(message, "tee-evidence"));
      List<Object> files = new ArrayList<>();
      endorsements.values().forEach(each -> files.add(Base64.getEncoder().encodeToString(each)));
      tee.put(KbsService.ENDORSEMENTS, files);
      message.put("tee-evidence", tee);
      return https()
          .call(
              new KbsRequest(
                  request.method(), request.path(), request.cookie(), Json.write(message)));
    };
  }

  private static plinius.attestation.kbs.MirrorId mirror(int sequence) {
    byte[] digest = new byte[32];
    java.util.Arrays.fill(digest, (byte) sequence);
    return plinius.attestation.kbs.MirrorId.of(sequence, digest);
  }

  private static long epoch(Grant grant) {
    try (grant) {
      return grant.epoch();
    }
  }

  private String log() {
    return String.join("\n", broker.records().log());
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  private static AbstractThrowableAssert<?, ? extends Throwable> refused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, int status, String... said) {
    return assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            AttestationException.Refused.class, e -> assertThat(e.status()).isEqualTo(status))
        .hasMessageContainingAll(said);
  }
}
