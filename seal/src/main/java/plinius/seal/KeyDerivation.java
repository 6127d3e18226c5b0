package plinius.seal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * HKDF-SHA256 (RFC 5869) with a label and length-prefixed parts, so that no two uses of one key can
 * meet: info = u16 length of the label, label (ASCII), then for each part u32 length and part, all
 * big-endian.
 */
public final class KeyDerivation {
  /** Length of every derived key. */
  public static final int KEY_BYTES = 32;

  private KeyDerivation() {}

  /**
   * A key of 32 bytes.
   *
   * @param salt may be empty: then HKDF's string of zeros
   * @param label what the key is for, such as plinius/state
   */
  public static SecretBytes derive(SecretBytes key, byte[] salt, String label, byte[]... parts) {
    return SecretBytes.owning(hkdf(key, salt, info(label, parts)));
  }

  /** The public name of a key: the first 16 bytes of derive(key, "plinius/key-id"). */
  public static Id128 keyId(SecretBytes key) {
    try (SecretBytes derived = derive(key, new byte[0], "plinius/key-id")) {
      return Id128.of(derived.copy(), 0);
    }
  }

  /** Eight bytes, most significant first: how numbers become parts. */
  public static byte[] part(long number) {
    return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
  }

  static byte[] info(String label, byte[]... parts) {
    byte[] name = label.getBytes(StandardCharsets.US_ASCII);
    if (name.length == 0 || name.length > 0xffff) {
      throw new IllegalArgumentException("a label has 1 to 65535 bytes, got " + name.length);
    }
    int bytes = Short.BYTES + name.length;
    for (byte[] part : parts) {
      bytes = Math.addExact(bytes, Integer.BYTES + part.length);
    }
    ByteBuffer info = ByteBuffer.allocate(bytes).putShort((short) name.length).put(name);
    for (byte[] part : parts) {
      info.putInt(part.length).put(part);
    }
    return info.array();
  }

  /** Not the JDK's, which leaves what it derived in the heap. */
  static byte[] hkdf(SecretBytes key, byte[] salt, byte[] info) {
    SecretBytes pseudorandomKey;
    byte[] input = key.copy();
    try (SecretBytes zeros = SecretBytes.copyOf(new byte[KeyedDigest.BYTES]);
        SecretBytes extractKey = salt.length == 0 ? zeros : SecretBytes.copyOf(salt);
        KeyedDigest extract = new KeyedDigest(extractKey)) {
      pseudorandomKey = SecretBytes.owning(extract.update(input).finish());
    } finally {
      Arrays.fill(input, (byte) 0);
    }
    byte[] counter = {1}; // of the one block that KEY_BYTES are
    try (pseudorandomKey;
        KeyedDigest expand = new KeyedDigest(pseudorandomKey)) {
      return expand.update(info).update(counter).finish();
    }
  }
}
