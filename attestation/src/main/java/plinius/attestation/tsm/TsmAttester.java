package plinius.attestation.tsm;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import plinius.attestation.AttestationException;
import plinius.attestation.Attester;
import plinius.attestation.Evidence;
import plinius.attestation.Measurement;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;
import plinius.seal.jose.Json;

/**
 * A confidential virtual machine that asks its kernel for evidence (Linux,
 * Documentation/ABI/testing/configfs-tsm-report): an entry is made, 64 bytes are written into it, a
 * report or quote over them is read from it.
 */
public final class TsmAttester implements Attester {
  /** Where the kernel has it, below the root. */
  public static final Path DIRECTORY = Path.of("sys", "kernel", "config", "tsm", "report");

  private static final int ATTEMPTS = 8;
  private static final int BLOB_BYTES_MAX = 64 * 1024;
  private static final int MEASUREMENT_IN_SNP_REPORT = 0x90;
  private static final int MRTD_IN_TD_REPORT = 136;

  private final TsmEntries entries;
  private final TeeKind kind;

  private TsmAttester(TsmEntries entries, TeeKind kind) {
    this.entries = entries;
    this.kind = kind;
  }

  /**
   * This machine, if its kernel gives reports of TDX or SEV-SNP.
   *
   * @param root of the file system
   */
  public static Optional<TsmAttester> find(Path root) {
    return find(new TsmEntries(root.resolve(DIRECTORY)));
  }

  /** What to say where it is not found. */
  public static String absent(Path root) {
    return root.resolve(DIRECTORY)
        + " gives no report of tdx_guest or sev_guest (no TDX, no SEV-SNP, or not root)";
  }

  static Optional<TsmAttester> find(TsmEntries entries) {
    try {
      return switch (withEntry(entries, entry -> entries.text(entry, "provider"))) {
        case "tdx_guest" -> Optional.of(new TsmAttester(entries, TeeKind.TDX));
        case "sev_guest" -> Optional.of(new TsmAttester(entries, TeeKind.SNP));
        default -> Optional.empty();
      };
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  @Override
  public TeeKind kind() {
    return kind;
  }

  @Override
  public Evidence attest(ReportData reportData) {
    Blobs blobs = report(reportData);
    String report = base64(blobs.report);
    // As the kernel gave them; whoever carries them brings them into the form that is asked for.
    Map<String, Object> primary =
        kind == TeeKind.SNP
            ? Map.of("attestation_report", report, "cert_table", base64(blobs.auxiliary))
            : Map.of("quote", report, "cc_eventlog", Json.Null.NULL);
    return new Evidence(kind, Json.write(primary));
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  /** MRTD, or SNP's MEASUREMENT: of the firmware, and of the kernel where the machine boots so. */
  @Override
  public Measurement measurement() {
    byte[] report = report(ReportData.of(new byte[ReportData.BYTES])).report;
    // A quote of version 5 says in six more bytes which body follows the header.
    int body = report.length > 0 && report[0] == 5 ? 54 : 48;
    int from = kind == TeeKind.SNP ? MEASUREMENT_IN_SNP_REPORT : body + MRTD_IN_TD_REPORT;
    if (report.length < from + Measurement.BYTES) {
      throw new AttestationException.PlatformUnusable(
          "the kernel's report has " + report.length + " bytes, too few for a measurement");
    }
    return Measurement.of(Arrays.copyOfRange(report, from, from + Measurement.BYTES));
  }

  /** None: TDX has no such key, and SNP's is reached by an ioctl, not by a file. */
  @Override
  public Optional<SecretBytes> sealingKey() {
    return Optional.empty();
  }

  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  private record Blobs(byte[] report, byte[] auxiliary) {}

  private Blobs report(ReportData reportData) {
    IOException last = null;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        return withEntry(entries, entry -> blobs(entry, reportData));
      } catch (IOException e) {
        // EBUSY and EWOULDBLOCK when others ask at the same time: a new entry is a new try.
        last = e;
      }
    }
    throw new AttestationException.PlatformUnusable(
        ("the kernel's configfs-tsm gave no report in %d attempts: %s. It needs root, or a mount"
                + " that the enclave's user may write")
            .formatted(ATTEMPTS, last));
  }

  private Blobs blobs(String entry, ReportData reportData) throws IOException {
    entries.write(entry, "inblob", reportData.bytes());
    byte[] report = blob(entry, "outblob");
    byte[] auxiliary = kind == TeeKind.SNP ? blob(entry, "auxblob") : new byte[0];
    // More than our own write: somebody else's bytes may be in the report.
    if (!entries.text(entry, "generation").equals("1")) {
      throw new IOException("others write into our entries");
    }
    return new Blobs(report, auxiliary);
  }

  private byte[] blob(String entry, String attribute) throws IOException {
    byte[] blob = entries.read(entry, attribute);
    if (blob.length > BLOB_BYTES_MAX) {
      throw new IOException(attribute + " has " + blob.length + " bytes");
    }
    return blob;
  }

  private interface Use<T> {
    T of(String entry) throws IOException;
  }

  private static <T> T withEntry(TsmEntries entries, Use<T> use) throws IOException {
    String entry = "plinius-" + Id128.random();
    entries.make(entry);
    try {
      return use.of(entry);
    } finally {
      entries.remove(entry);
    }
  }
}
