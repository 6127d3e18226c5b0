package plinius.verification;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import plinius.attestation.ReportData;
import plinius.seal.jose.Json;
import plinius.verification.amd.VekCertificate;
import plinius.verification.evidence.Chains;
import plinius.verification.evidence.Claims;
import plinius.verification.evidence.Endorsements;
import plinius.verification.evidence.Refuted;
import plinius.verification.evidence.Signatures;
import plinius.verification.evidence.TrustAnchors;

/** One entry of an evidence manifest: its files, its dates, and what a verifier has to find. */
final class ManifestEntry {
  private static final int FLIPS = 120;
  private static final int SNP_REPORT_BYTES = 1184;
  private static final String AMD_CHIP_ID = "1.3.6.1.4.1.3704.1.4";

  // What a manifest says of a platform, and not of a check that its evidence passes.
  private static final String PROPERTY =
      "(?i).*(debug|migrat|smt|provision|sept|socket|ecc|alias|ciphertext|mask|cached).*";

  // About what lies around a quote or report; they say nothing about a bare one.
  private static final String AROUND = "(?i).*(claims|pubkey|tpm|pcr|hcl|ak).*";

  /** The checks in the order in which they are made, by the manifests' names. */
  private static final List<Map.Entry<String, String>> CHECKS =
      List.of(
          Map.entry("pubkeyHashMatchesSpki", "pubkey-hash"),
          Map.entry("quoteSignature", "quote signature"),
          Map.entry("qeReportDataBinding", "attestation key binding"),
          Map.entry("qeReportSignature", "QE report signature"),
          Map.entry("pckChainToIntelSgxRootCa", "PCK chain"),
          Map.entry("trustedUnderRealIntelRoot", "PCK chain"),
          Map.entry("qeIdentityMatch", "QE isvprodid"),
          Map.entry("reportDataIsSha256OfClaims", "RA-TLS claims binding"),
          Map.entry("reportSignature", "SNP report signature"),
          Map.entry("vekChain", "VEK chain"),
          Map.entry("tcbMatchesCert", "reported TCB"),
          Map.entry("chipIdMatches", "chip id"),
          Map.entry("coseSignature", "COSE signature"),
          Map.entry("rootIsAws", "Nitro chain"));

  private static final Verifier REAL = new Verifier();
  private static final Verifier FOREIGN =
      new Verifier(new TrustAnchors(List.of(), List.of(), List.of()));

  private final Path directory;
  private final Map<String, Object> members;
  private final Map<Path, Endorsements> beside = new HashMap<>();

  private ManifestEntry(Path directory, Map<String, Object> members) {
    this.directory = directory;
    this.members = members;
  }

  static List<ManifestEntry> all(Path directory) {
    try {
      Object list = Json.parse(Files.readString(directory.resolve("manifest.json")));
      return ((List<?>) list)
          .stream()
              .map(each -> new ManifestEntry(directory, Json.asObject(each, "an entry")))
              .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String id() {
    return Json.string(members, "id");
  }

  private Map<String, Object> expect() {
    return members.get("expect") instanceof Map<?, ?> map ? Json.asObject(map, "expect") : Map.of();
  }

  private List<Path> files() {
    if (!(members.get("files") instanceof List<?> files)) {
      return List.of(directory.resolve(id()));
    }
    return files.stream()
        .map(each -> directory.resolve(Json.string(Json.asObject(each, "a file"), "path")))
        .toList();
  }

  void requireDigests() throws IOException {
    if (members.get("files") instanceof List<?> files) {
      for (Object each : files) {
        Map<String, Object> file = Json.asObject(each, "a file");
        byte[] bytes = Files.readAllBytes(directory.resolve(Json.string(file, "path")));
        assertThat(HexFormat.of().formatHex(Signatures.sha256(bytes)))
            .as(Json.string(file, "path"))
            .isEqualTo(Json.string(file, "sha256"));
      }
    }
  }

  /** Everything in this entry that is evidence, told by what it holds rather than by its name. */
  List<Item> items() {
    return members.get("tee").equals("-")
        ? List.of()
        : files().stream()
            .filter(file -> !file.getParent().endsWith("collateral"))
            .filter(file -> looksLikeEvidence(file.getFileName().toString(), read(file)))
            .map(file -> new Item(file, read(file)))
            .toList();
  }

  private boolean looksLikeEvidence(String name, byte[] bytes) {
    if (bytes.length < 100) {
      return false;
    }
    String head = new String(bytes, 0, Math.min(bytes.length, 1 << 16), StandardCharsets.US_ASCII);
    boolean json = head.stripLeading().startsWith("{");
    boolean certificate = head.startsWith("-----BEGIN CERTIFICATE") || bytes[0] == '0';
    if (json) {
      return List.of("hcl_report", "attestation_report", "quote", "document").stream()
          .anyMatch(member -> head.contains("\"" + member + "\""));
    }
    if (certificate) {
      return hasQuote(bytes);
    }
    boolean quote =
        bytes[0] >= 3 && bytes[0] <= 5 && bytes[1] == 0 && (bytes[2] == 2 || bytes[2] == 3);
    boolean cose = (bytes[0] & 0xff) == 0x84 || (bytes[0] & 0xff) == 0xd2;
    return quote
        || cose
        || head.startsWith("HCLA")
        || bytes.length == SNP_REPORT_BYTES
        || name.endsWith(".cbor")
        || name.matches(".*(quote|report|evidence|attestation|document).*\\.(bin|dat|raw)");
  }

  private static boolean hasQuote(byte[] bytes) {
    return Endorsements.of(List.of(bytes)).certificates().stream()
        .anyMatch(each -> each.getExtensionValue("2.23.133.5.4.9") != null);
  }

  /** Whether there is a file of nothing but certificates, about which something is expected. */
  List<Path> certificateFiles() {
    return items().isEmpty() && !members.get("tee").equals("-") ? files() : List.of();
  }

  /** Chains of files that hold certificates alone: to the maker's root, or as the entry says. */
  void requireChain(Path file) throws Refuted {
    for (X509Certificate each : Endorsements.of(List.of(read(file))).certificates()) {
      boolean expected =
          !(expect().get(file.getFileName() + " chain") instanceof Boolean holds) || holds;
      Instant at = each.getNotBefore().toInstant().plusSeconds(3600);
      assertThat(chains(each, at)).as(file.getFileName() + " at " + at).isEqualTo(expected);
      assertThat(chains(each, each.getNotAfter().toInstant().plusSeconds(1))).isFalse();
      if (each.getExtensionValue(AMD_CHIP_ID) != null) {
        // Whoever signed it: it has to be readable.
        assertThat(new VekCertificate(each)).isNotNull();
      }
    }
  }

  private static boolean chains(X509Certificate certificate, Instant at) {
    TrustAnchors anchors = TrustAnchors.builtIn();
    List<X509Certificate> all = new ArrayList<>(anchors.intel());
    all.addAll(anchors.amd());
    all.addAll(anchors.aws());
    if (all.contains(certificate)) {
      return !at.isAfter(certificate.getNotAfter().toInstant());
    }
    try {
      new Chains(all, Endorsements.none().with(TrustAnchors.amdIntermediates()), at)
          .validate("chain", certificate, Chains.Revocation.WHERE_LISTED);
      return true;
    } catch (Refuted e) {
      return false;
    }
  }

  /** What stands in the entry beside a piece of evidence, whatever the files are called. */
  private Endorsements endorsements(Path evidence) {
    return beside.computeIfAbsent(
        evidence,
        _ ->
            Endorsements.of(
                files().stream()
                    .filter(each -> !each.equals(evidence))
                    .map(ManifestEntry::read)
                    .toList()));
  }

  private Instant verifyAt() {
    if (members.get("collateral") instanceof Map<?, ?> collateral
        && collateral.get("verifyAt") instanceof String at) {
      return instant(at);
    }
    if (members.get("verifyAt") instanceof String at) {
      return instant(at);
    }
    List<Instant> window = window().orElse(List.of(Instant.parse("2025-01-01T00:00:00Z")));
    long middle = (window.getFirst().getEpochSecond() + window.getLast().getEpochSecond()) / 2;
    return Instant.ofEpochSecond(middle);
  }

  private Optional<List<Instant>> window() {
    Object window =
        members.get("collateral") instanceof Map<?, ?> collateral
            ? collateral.get("window")
            : members.containsKey("signatureChainValidAnyTimeIn")
                ? members.get("signatureChainValidAnyTimeIn")
                : expect().get("pckValid");
    return window instanceof List<?> list
        ? Optional.of(list.stream().map(each -> instant((String) each)).toList())
        : Optional.empty();
  }

  private static Instant instant(String text) {
    return text.length() == 10
        ? LocalDate.parse(text).atTime(12, 0).toInstant(ZoneOffset.UTC)
        : OffsetDateTime.parse(text).toInstant();
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One piece of evidence of the entry. */
  final class Item {
    private final Path file;
    private final byte[] bytes;

    private Item(Path file, byte[] bytes) {
      this.file = file;
      this.bytes = bytes;
    }

    String name() {
      return file.getFileName().toString();
    }

    /** Whether nothing that is expected of it is expected to fail. */
    boolean isExpectedGenuine() {
      return !isLocalReport() && failing().isEmpty();
    }

    // The local report of TDX in an HCL report is signed by nobody.
    private boolean isLocalReport() {
      return isHcl() && bytes.length > 1224 && bytes[1216 + 8] == 4;
    }

    private boolean isHcl() {
      return new String(bytes, 0, 4, StandardCharsets.US_ASCII).equals("HCLA");
    }

    private boolean isBare() {
      return bytes.length == SNP_REPORT_BYTES || (bytes[0] >= 3 && bytes[0] <= 5);
    }

    private List<String> failing() {
      return expect().entrySet().stream()
          .filter(each -> fails(each.getKey(), each.getValue()))
          .map(Map.Entry::getKey)
          .filter(each -> !(isBare() && each.matches(AROUND)))
          .toList();
    }

    private static boolean fails(String name, Object value) {
      boolean refusal = name.matches("(?i)(must)?(be)?(reject|refuse|tamper|broken|invalid).*");
      return !name.matches(PROPERTY) && Boolean.valueOf(refusal).equals(value);
    }

    /** Verifies it as it is, at the time that the manifest names. */
    Verification verify() {
      return verify(REAL, bytes, verifyAt());
    }

    private Verification verify(Verifier verifier, byte[] evidence, Instant at) {
      return verifier.verifyFile(evidence, endorsements(file), at);
    }

    void requireExpected() {
      Verification verification = verify(REAL, bytes, verifyAt());
      requireFindings(verification);
      if (!isExpectedGenuine()) {
        assertThat(verification).isInstanceOf(Verification.NotGenuine.class);
        return;
      }
      assertThat(verification).isInstanceOf(Verification.Genuine.class);
      Claims claims = ((Verification.Genuine) verification).claims();
      assertThat(ExpectedClaims.differences(expect(), claims)).isEmpty();
    }

    /** The checks that are expected to hold did, up to the first that is expected to fail. */
    private void requireFindings(Verification verification) {
      List<String> failing = failing();
      List<String> known = CHECKS.stream().map(Map.Entry::getKey).toList();
      if (isLocalReport() || !known.containsAll(failing)) {
        return;
      }
      for (Map.Entry<String, String> check : CHECKS) {
        if (failing.contains(check.getKey())) {
          assertThat(verification.findings()).as(check.getKey()).doesNotContain(check.getValue());
          return;
        }
        boolean judged = !check.getKey().equals("qeIdentityMatch") || hasCollateral();
        boolean around = check.getKey().matches(AROUND) && !name().endsWith(".pem");
        if (Boolean.TRUE.equals(expect().get(check.getKey())) && judged && !around) {
          assertThat(verification.findings()).as(check.getKey()).contains(check.getValue());
        }
      }
    }

    private boolean hasCollateral() {
      return !endorsements(file).tcbInfos().isEmpty();
    }

    /** What a policy refuses that names this code and says nothing else. */
    void requireJudgedByDefault() {
      Verification verification = verify(REAL, bytes, verifyAt());
      Claims claims = ((Verification.Genuine) verification).claims();
      String policy = ExpectedClaims.policyNaming(claims);
      Appraisal appraisal =
          PolicyFile.parse("default", policy).appraise(verification, Optional.empty(), verifyAt());
      Set<String> refused = ExpectedClaims.refusedByDefault(expect(), claims.kind());
      if (refused.isEmpty()) {
        assertThat(appraisal).isInstanceOf(Appraisal.Accepted.class);
      } else {
        assertThat(appraisal)
            .isInstanceOfSatisfying(
                Appraisal.Rejected.class, each -> assertThat(refused).contains(each.field()));
      }
    }

    void requireAt(Instant at) {
      boolean inside =
          window()
              .map(each -> !at.isBefore(each.getFirst()) && !at.isAfter(each.getLast()))
              .orElse(false);
      Verification verification = verify(REAL, bytes, at);
      if (inside && isExpectedGenuine()) {
        assertThat(verification).isInstanceOf(Verification.Genuine.class);
      } else {
        assertThat(verification).isInstanceOf(Verification.NotGenuine.class);
      }
    }

    void requireRefusedAt(Instant at) {
      assertThat(verify(REAL, bytes, at)).isInstanceOf(Verification.NotGenuine.class);
    }

    void requireForeignRefused() {
      Verification.NotGenuine refused =
          (Verification.NotGenuine) verify(FOREIGN, bytes, verifyAt());
      assertThat(refused.field()).endsWith("chain");
    }

    void requireTruncatedRefused() {
      Claims claims = ((Verification.Genuine) verify(REAL, bytes, verifyAt())).claims();
      int trailing =
          expect().get("trailingBytesAfterSignatureData") instanceof Long padding
              ? padding.intValue()
              : 0;
      boolean text = bytes[0] == '{' || bytes[0] == '-';
      for (int length = 0; length < bytes.length; length++) {
        Verification cut = verify(REAL, Arrays.copyOf(bytes, length), verifyAt());
        if (cut instanceof Verification.Genuine genuine) {
          // Only what nobody signed may be missing: padding, or white space after the text.
          assertThat(text || length >= bytes.length - trailing || id().contains("azure"))
              .as("cut to " + length + " of " + bytes.length)
              .isTrue();
          assertThat(genuine.claims()).isEqualTo(claims);
        }
      }
    }

    /** Every flip either is noticed, or lies where it changes nothing that is claimed. */
    void requireFlipsRefused() {
      Claims claims = ((Verification.Genuine) verify(REAL, bytes, verifyAt())).claims();
      String given = System.getProperty("test.seed", "");
      long seed = given.isEmpty() ? System.nanoTime() : Long.parseLong(given);
      Random random = new Random(seed);
      int tried = 0;
      int signedEnd = signedEnd();
      int step = Math.max(1, bytes.length / FLIPS);
      for (int at = random.nextInt(step); at < bytes.length; at += 1 + random.nextInt(2 * step)) {
        byte[] flipped = bytes.clone();
        flipped[at] ^= (byte) (1 << random.nextInt(8));
        Verification verification = verify(REAL, flipped, verifyAt());
        tried++;
        if (verification instanceof Verification.Genuine genuine) {
          String where = "byte " + at + ", -Dtest.seed=" + seed;
          assertThat(genuine.claims()).as(where).isEqualTo(claims);
          assertThat(at).as("signed " + where).isGreaterThanOrEqualTo(signedEnd);
        }
      }
      assertThat(tried).isPositive();
    }

    /** End of what a key of the platform signs: from there on a flip may change nothing. */
    private int signedEnd() {
      if (bytes.length == SNP_REPORT_BYTES) {
        return 0x2a0;
      }
      boolean tdx = (bytes[4] & 0xff) == 0x81;
      return switch (bytes[0]) {
        case 3 -> 432;
        case 4 -> tdx ? 632 : 432;
        case 5 -> 54 + (bytes[50] & 0xff) + 256 * (bytes[51] & 0xff);
        default -> 0;
      };
    }

    void requireNonce() {
      Verification verification = verify(REAL, bytes, verifyAt());
      AppraisalPolicy everything = ExpectedClaims.permissivePolicy(verification);
      ReportData other = new ReportData("5a".repeat(ReportData.BYTES));
      Appraisal appraisal = everything.appraise(verification, Optional.of(other), verifyAt());
      assertThat(appraisal).isInstanceOf(Appraisal.Rejected.class);
      assertThat(((Appraisal.Rejected) appraisal).field()).isEqualTo("report data");
    }
  }
}
