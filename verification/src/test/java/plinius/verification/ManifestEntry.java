package plinius.verification;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import plinius.attestation.ReportData;
import plinius.seal.jose.Json;
import plinius.verification.evidence.Claims;
import plinius.verification.evidence.Endorsements;
import plinius.verification.evidence.Signatures;
import plinius.verification.evidence.TrustAnchors;

/** One entry of an evidence manifest: its files, its dates, and what a verifier has to find. */
final class ManifestEntry {
  private static final int FLIPS = 120;
  private static final Verifier REAL = new Verifier();
  private static final Verifier FOREIGN =
      new Verifier(new TrustAnchors(List.of(), List.of(), List.of()));

  private final Path directory;
  private final Map<String, Object> members;
  private Endorsements beside;

  private ManifestEntry(Path directory, Map<String, Object> members) {
    this.directory = directory;
    this.members = members;
  }

  static List<ManifestEntry> all(Path directory) {
    try {
      Object list = Json.parse(Files.readAllBytes(directory.resolve("manifest.json")));
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

  /** Everything in this entry that is evidence: the files that are no endorsements. */
  List<Item> items() {
    List<Item> items = new ArrayList<>();
    for (Path file : files()) {
      String name = file.getFileName().toString();
      boolean quote = name.matches("(quote|report)\\.(bin|dat)");
      boolean document = name.endsWith(".cbor");
      boolean raTls = id().contains("ra-tls") && name.endsWith(".pem");
      boolean azure = name.equals("evidence-v1.json") || name.equals("hcl-report.bin");
      if ((quote || document || raTls || azure) && !members.get("tee").equals("-")) {
        items.add(new Item(name, read(file)));
      }
    }
    return items;
  }

  /** What stands in the entry beside its evidence, whatever the files are called. */
  private Endorsements endorsements() {
    if (beside == null) {
      beside =
          id().contains("ra-tls")
              ? Endorsements.none()
              : Endorsements.of(files().stream().map(ManifestEntry::read).toList());
    }
    return beside;
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
    private final String name;
    private final byte[] bytes;

    private Item(String name, byte[] bytes) {
      this.name = name;
      this.bytes = bytes;
    }

    String name() {
      return name;
    }

    boolean isExpectedGenuine() {
      // The local report of TDX in an HCL report is signed by nobody.
      boolean localReport = name.equals("hcl-report.bin") && id().contains("tdx");
      return !localReport
          && List.of(
                  "quoteSignature",
                  "qeReportSignature",
                  "qeReportDataBinding",
                  "pckChainToIntelSgxRootCa",
                  "pubkeyHashMatchesSpki",
                  "reportDataIsSha256OfClaims",
                  "trustedUnderRealIntelRoot",
                  "qeIdentityMatch",
                  "reportSignature",
                  "vekChain",
                  "tcbMatchesCert",
                  "chipIdMatches",
                  "coseSignature",
                  "chain",
                  "rootIsAws")
              .stream()
              .noneMatch(each -> Boolean.FALSE.equals(expect().get(each)));
    }

    private Verification verify(Verifier verifier, byte[] evidence, Instant at) {
      return verifier.verifyFile(evidence, endorsements(), at);
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

    private void requireFindings(Verification verification) {
      Map<String, String> checks =
          Map.of(
              "quoteSignature", "quote signature",
              "qeReportSignature", "QE report signature",
              "qeReportDataBinding", "attestation key binding",
              "pckChainToIntelSgxRootCa", "PCK chain",
              "reportSignature", "SNP report signature",
              "vekChain", "VEK chain",
              "coseSignature", "COSE signature");
      boolean genuine = verification instanceof Verification.Genuine;
      checks.forEach(
          (expected, check) -> {
            if (expect().get(expected) instanceof Boolean holds && (genuine || !holds)) {
              assertThat(verification.findings().contains(check)).as(expected).isEqualTo(holds);
            } else if (Boolean.TRUE.equals(expect().get(expected))
                && expected.endsWith("Signature")
                && !name.startsWith("hcl")) {
              assertThat(verification.findings()).as(expected).contains(check);
            }
          });
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
      return switch (name) {
        case "report.bin" -> 0x2a0;
        case "quote.bin" -> bytes[0] == 3 ? 432 : bytes[0] == 4 ? 632 : 54 + 648;
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
