package plinius.attestation.tsm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Optional;
import plinius.attestation.AttestationException;
import plinius.attestation.Measurement;
import plinius.seal.Digests;

/**
 * TDX's register RTMR3, which nobody else uses and which can only be extended: it ties the
 * enclave's own image to a quote, whose MRTD covers the firmware alone. Linux 6.16 has it as a
 * file.
 */
public final class RuntimeMeasurement {
  /** The kernel's file, below the root. */
  public static final Path FILE =
      Path.of("sys/devices/virtual/misc/tdx_guest/measurements/rtmr3:sha384");

  private static final Measurement UNUSED = Measurement.of(new byte[Measurement.BYTES]);

  private RuntimeMeasurement() {}

  /** What RTMR3 is after the image was measured into it: SHA-384 of 48 zeros and the image's. */
  public static Measurement expected(Measurement image) {
    MessageDigest digest = Digests.sha384();
    digest.update(UNUSED.bytes());
    return Measurement.of(digest.digest(image.bytes()));
  }

  /**
   * Measures the image into RTMR3, unless an earlier start of the same image did.
   *
   * @return what RTMR3 is now; nothing if this kernel has no such file
   * @throws AttestationException.PlatformUnusable if something else was measured into it
   */
  public static Optional<Measurement> extend(Path root, Measurement image) {
    Path file = root.resolve(FILE);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    Measurement wanted = expected(image);
    try {
      if (read(file).equals(UNUSED)) {
        Files.write(file, image.bytes(), StandardOpenOption.WRITE);
      }
      Measurement now = read(file);
      if (!now.equals(wanted)) {
        throw new AttestationException.PlatformUnusable(
            ("RTMR3 is %s, want %s: another program was measured into it. Start the virtual machine"
                    + " anew")
                .formatted(now, wanted));
      }
      return Optional.of(now);
    } catch (IOException e) {
      throw new AttestationException.PlatformUnusable("cannot extend RTMR3 by " + file + ": " + e);
    }
  }

  private static Measurement read(Path file) throws IOException {
    byte[] value = Files.readAllBytes(file);
    if (value.length != Measurement.BYTES) {
      throw new IOException(value.length + " bytes, want " + Measurement.BYTES);
    }
    return Measurement.of(value);
  }
}
