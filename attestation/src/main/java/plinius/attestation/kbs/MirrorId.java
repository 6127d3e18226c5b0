package plinius.attestation.kbs;

import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import plinius.attestation.AttestationException;

/**
 * Names one mirror of a job.
 *
 * @param sequence how many mirrors the job has had, this one included
 * @param digest its mirrorDigest, 64 hexadecimal digits
 */
public record MirrorId(long sequence, String digest) {
  private static final Pattern WRITTEN = Pattern.compile("(0|[1-9][0-9]{0,17}):([0-9a-f]{64})");

  /** Before the first mirror. */
  public static final MirrorId NONE = new MirrorId(0, "0".repeat(64));

  public MirrorId {
    if (!WRITTEN.matcher(sequence + ":" + digest).matches()) {
      throw new IllegalArgumentException("mirror " + sequence + " with the digest " + digest);
    }
  }

  /** Of a digest's bytes. */
  public static MirrorId of(long sequence, byte[] digest) {
    return new MirrorId(sequence, HexFormat.of().formatHex(digest));
  }

  /**
   * Reads what {@link #toString} wrote.
   *
   * @throws AttestationException.BadMessage if it is anything else
   */
  public static MirrorId parse(String text) {
    Matcher written = WRITTEN.matcher(text);
    if (!written.matches()) {
      throw new AttestationException.BadMessage("a mirror is named by its sequence and its digest");
    }
    return new MirrorId(Long.parseLong(written.group(1)), written.group(2));
  }

  /** {@code sequence:digest}. */
  @Override
  public String toString() {
    return sequence + ":" + digest;
  }
}
