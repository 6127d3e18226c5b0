package plinius.dataset;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.Consumer;
import plinius.seal.Id128;
import plinius.seal.KeyDerivation;
import plinius.seal.RecordSealer;
import plinius.seal.SecretBytes;

/**
 * What an enclave tells the owner of a job and nobody else: predictions, a text.
 *
 * <pre>
 * file      head (64) | pieces
 * head      0 magic PLNRESU1   8 content u32   12 zeros (4)   16 job id (16)   32 salt (32)
 * piece     0 plain bytes u32, the last piece's with the highest bit set   4 ciphertext   then tag
 *           key: derive(K_job, salt, "plinius/result", job id); nonce: the piece's number;
 *           associated data: head | number u64 | the piece's first 4 bytes
 * </pre>
 */
public final class SealedResult {
  public static final long MAGIC = 0x504c4e5245535531L; // PLNRESU1
  public static final int HEAD_BYTES = 64;
  private static final int SALT_BYTES = 32;
  public static final int PIECE_BYTES = DataLayout.PIECE_BYTES;
  public static final int LAST = 1 << 31;

  /** What a result holds; the codes stand in files. */
  public enum Content {
    /** The number of outputs u32, then all outputs of each sample, binary32. */
    OUTPUTS(1),
    /** Characters. */
    TEXT(2),
    /**
     * For each sample the number of boxes u32, then for each the class u32 and binary32: the
     * probability, x, y, w, h as shares of the sample.
     */
    BOXES(3);

    private final int code;

    Content(int code) {
      this.code = code;
    }

    /** As it stands in the head. */
    public int code() {
      return code;
    }
  }

  private SealedResult() {}

  /** The key of one result. */
  public static SecretBytes key(SecretBytes jobKey, byte[] head) {
    byte[] job = Arrays.copyOfRange(head, 16, 32);
    return KeyDerivation.derive(
        jobKey, Arrays.copyOfRange(head, 32, HEAD_BYTES), "plinius/result", job);
  }

  /** What is authenticated with one piece. */
  public static byte[] aad(byte[] head, long number, int length) {
    return ByteBuffer.allocate(HEAD_BYTES + 12).put(head).putLong(number).putInt(length).array();
  }

  /** Seals what is written to it; complete when it is closed, and refused if it never was. */
  public static final class Writer implements AutoCloseable {
    private final Consumer<byte[]> file;
    private final byte[] head;
    private final RecordSealer sealer;
    private final ByteBuffer piece = ByteBuffer.allocate(PIECE_BYTES);
    private long number;

    /** Gives the file's bytes to {@code file}, one array after the other. */
    public Writer(Consumer<byte[]> file, Content content, Id128 job, SecretBytes jobKey) {
      this.file = file;
      ByteBuffer buffer = ByteBuffer.allocate(HEAD_BYTES).putLong(MAGIC).putInt(content.code);
      try (SecretBytes salt = SecretBytes.random(SALT_BYTES)) {
        head = buffer.putInt(0).put(job.bytes()).put(salt.copy()).array();
      }
      try (SecretBytes key = key(jobKey, head)) {
        sealer = new RecordSealer(key);
      }
      file.accept(head);
    }

    public void write(byte one) {
      if (!piece.hasRemaining()) {
        seal(0);
      }
      piece.put(one);
    }

    public void writeInt(int value) {
      for (int shift = 24; shift >= 0; shift -= 8) {
        write((byte) (value >>> shift));
      }
    }

    public void writeFloat(float value) {
      writeInt(Float.floatToIntBits(value));
    }

    private void seal(int last) {
      int length = piece.position();
      byte[] sealed = new byte[4 + length + RecordSealer.OVERHEAD];
      ByteBuffer.wrap(sealed).putInt(length | last);
      sealer.seal(number, piece.array(), 0, length, aad(head, number, length | last), sealed, 4);
      number++;
      piece.clear();
      file.accept(sealed);
    }

    @Override
    public void close() {
      seal(LAST);
      Arrays.fill(piece.array(), (byte) 0);
      sealer.close();
    }
  }
}
