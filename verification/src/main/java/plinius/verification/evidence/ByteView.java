package plinius.verification.evidence;

import java.util.Arrays;
import java.util.HexFormat;

/**
 * Bytes of unknown origin, read little-endian at fixed places. A place outside refutes the evidence
 * instead of failing the program.
 */
public final class ByteView {
  private final String what;
  private final byte[] bytes;

  private ByteView(String what, byte[] bytes) {
    this.what = what;
    this.bytes = bytes;
  }

  /** Of these bytes, which the caller does not change; {@code what} is their name in messages. */
  public static ByteView of(String what, byte[] bytes) {
    return new ByteView(what, bytes);
  }

  /** Number of bytes. */
  public int length() {
    return bytes.length;
  }

  /** A byte as 0 to 255. */
  public int u8(long at) throws Refuted {
    return bytes[place(at, 1)] & 0xff;
  }

  /** Two bytes. */
  public int u16(long at) throws Refuted {
    return u8(at) | u8(at + 1) << 8;
  }

  /** Four bytes, unsigned. */
  public long u32(long at) throws Refuted {
    return u16(at) | (long) u16(at + 2) << 16;
  }

  /** Eight bytes. */
  public long u64(long at) throws Refuted {
    return u32(at) | u32(at + 4) << 32;
  }

  /** A copy of these bytes. */
  public byte[] bytes(long at, long length) throws Refuted {
    int start = place(at, length);
    return Arrays.copyOfRange(bytes, start, start + (int) length);
  }

  /** These bytes in lower-case hexadecimal. */
  public String hex(long at, int length) throws Refuted {
    return HexFormat.of().formatHex(bytes, place(at, length), (int) at + length);
  }

  /** A copy of a part, under its own name. */
  public ByteView part(String name, long at, long length) throws Refuted {
    return new ByteView(name, bytes(at, length));
  }

  private int place(long at, long length) throws Refuted {
    if (at < 0 || length < 0 || at > bytes.length || length > bytes.length - at) {
      throw new Refuted(
          what, bytes.length + " bytes", "at least " + (at + length) + ": it is cut short");
    }
    return (int) at;
  }
}
