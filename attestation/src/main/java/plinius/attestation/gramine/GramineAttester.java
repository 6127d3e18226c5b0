package plinius.attestation.gramine;

import java.io.IOException;
import java.nio.file.Files;
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
import plinius.seal.KeyDerivation;
import plinius.seal.SecretBytes;
import plinius.seal.jose.Json;

/**
 * An SGX enclave under Gramine (its manual, "Attestation and secret provisioning"): 64 bytes
 * written to one pseudo-file, a quote over them read from another.
 */
public final class GramineAttester implements Attester {
  /** Where Gramine has its pseudo-files, below the root. */
  public static final Path DIRECTORY = Path.of("dev", "attestation");

  private static final String DCAP = "dcap";
  private static final int QUOTE_BYTES_MAX = 64 * 1024;
  private static final int SEAL_KEY_BYTES = 16;

  // The bytes that are written belong to the process: without this, two threads could each get a
  // quote over what the other wrote.
  private static final Object ONE_AT_A_TIME = new Object();

  private final Path directory;

  private GramineAttester(Path directory) {
    this.directory = directory;
  }

  /**
   * This enclave, if the process is one that can be attested; gramine-direct, which protects
   * nothing, is none.
   *
   * @param root of the file system; tests give another
   */
  public static Optional<GramineAttester> find(Path root) {
    Path directory = root.resolve(DIRECTORY);
    try {
      String type = Files.readString(directory.resolve("attestation_type")).strip();
      return type.equals(DCAP) ? Optional.of(new GramineAttester(directory)) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** What to say where it is not found. */
  public static String absent(Path root) {
    return root.resolve(DIRECTORY).resolve("attestation_type")
        + " does not say dcap (no SGX under Gramine)";
  }

  @Override
  public TeeKind kind() {
    return TeeKind.SGX;
  }

  @Override
  public Evidence attest(ReportData reportData) {
    byte[] quote;
    synchronized (ONE_AT_A_TIME) {
      try {
        Files.write(directory.resolve("user_report_data"), reportData.bytes());
        quote = Files.readAllBytes(directory.resolve("quote"));
      } catch (IOException e) {
        throw unusable("cannot get a quote", e);
      }
    }
    if (quote.length == 0 || quote.length > QUOTE_BYTES_MAX) {
      throw new AttestationException.PlatformUnusable(
          "Gramine's quote has " + quote.length + " bytes, want 1 to " + QUOTE_BYTES_MAX);
    }
    String base64 = Base64.getEncoder().encodeToString(quote);
    return new Evidence(TeeKind.SGX, Json.write(Map.of("quote", base64)));
  }

  /** MRENCLAVE, which SGX's TARGETINFO begins with. */
  @Override
  public Measurement measurement() {
    byte[] targetInfo = read("my_target_info");
    if (targetInfo.length < Measurement.SGX_BYTES) {
      throw new AttestationException.PlatformUnusable(
          "Gramine's my_target_info has " + targetInfo.length + " bytes, want 512");
    }
    return Measurement.of(Arrays.copyOf(targetInfo, Measurement.SGX_BYTES));
  }

  /**
   * Of this MRENCLAVE and this processor with this microcode. 128 bits; derived, because a manifest
   * may use the same one for encrypted files.
   */
  @Override
  public Optional<SecretBytes> sealingKey() {
    try (SecretBytes root = SecretBytes.owning(read("keys/_sgx_mrenclave"))) {
      return root.length() == SEAL_KEY_BYTES
          ? Optional.of(KeyDerivation.derive(root, new byte[0], "plinius/sgx-seal"))
          : Optional.empty();
    }
  }

  private byte[] read(String name) {
    try {
      return Files.readAllBytes(directory.resolve(name));
    } catch (IOException e) {
      throw unusable("cannot read " + name, e);
    }
  }

  private AttestationException unusable(String what, IOException e) {
    return new AttestationException.PlatformUnusable(
        "%s from Gramine's %s: %s. Set sgx.remote_attestation = \"dcap\" in the manifest"
            .formatted(what, directory, e));
  }
}
