package plinius.seal;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * 128 bits that name something: a job, a data set, a key. Public; written as 32 lower-case
 * hexadecimal digits, stored as 16 bytes, most significant first.
 */
public record Id128(long high, long low) {
  /** Length of {@link #bytes()}. */
  public static final int BYTES = 16;

  private static final Pattern DIGITS = Pattern.compile("[0-9a-f]{32}");
  private static final SecureRandom RANDOM = new SecureRandom();

  /** A fresh one; 128 random bits do not meet again. */
  public static Id128 random() {
    return new Id128(RANDOM.nextLong(), RANDOM.nextLong());
  }

  /** Reads what {@link #toString} writes; anything else is {@link SealException.Malformed}. */
  public static Id128 parse(String text) {
    if (!DIGITS.matcher(text).matches()) {
      throw new SealException.Malformed(
          "an id has 32 lower-case hexadecimal digits; this one is not that, with %d characters"
              .formatted(text.length()));
    }
    return of(HexFormat.of().parseHex(text));
  }

  /** From exactly 16 bytes. */
  public static Id128 of(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new SealException.Malformed("an id has 16 bytes; this one has " + bytes.length);
    }
    return of(bytes, 0);
  }

  /** From the 16 bytes that start at an offset. */
  public static Id128 of(byte[] bytes, int offset) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, BYTES);
    return new Id128(buffer.getLong(), buffer.getLong());
  }

  /** 16 bytes, most significant first. */
  public byte[] bytes() {
    return ByteBuffer.allocate(BYTES).putLong(high).putLong(low).array();
  }

  @Override
  public String toString() {
    return HexFormat.of().toHexDigits(high) + HexFormat.of().toHexDigits(low);
  }
}
