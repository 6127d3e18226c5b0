package plinius.seal;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Seals with AES-GCM under a key that belongs to this run alone. There is no nonce parameter: the
 * nonce is a counter in memory, +1 for each call, shared by all {@link #fork forks}, never
 * restored.
 *
 * <p>Secrecy and authenticity of the plaintext; authenticity only of the associated data. Safe only
 * as long as no other Sealer has the same key: derive it with fresh random salt in every run.
 * AES-256 for keys of 32 bytes, AES-128 for 16. Not thread-safe: one fork a thread.
 */
public final class Sealer implements AutoCloseable {
  /** Sealed bytes minus plain bytes: the nonce before, the tag after. */
  public static final int OVERHEAD = AesGcm.NONCE_BYTES + AesGcm.TAG_BYTES;

  /** The most plain bytes of one call. */
  public static final int PLAIN_BYTES_MAX = AesGcm.PLAIN_BYTES_MAX;

  /**
   * Calls under one key. With records of 256 KiB these are 2^48 blocks, and the odds of telling
   * them from random stay below 2^-32 (SP 800-38D's birthday term).
   */
  static final long CALLS_MAX = 1L << 34;

  private final AtomicLong calls;
  private final AesGcm gcm;
  private final byte[] nonce = new byte[AesGcm.NONCE_BYTES];

  /** Copies the key: the caller closes its own. */
  public Sealer(SecretBytes key) {
    this(new AesGcm(key), new AtomicLong());
  }

  Sealer(AesGcm gcm, AtomicLong calls) {
    this.gcm = gcm;
    this.calls = calls;
  }

  /** Another sealer of the same key for another thread, over the same counter. */
  public Sealer fork() {
    return new Sealer(gcm.fork(), calls);
  }

  /**
   * Writes nonce (12), ciphertext (len), tag (16).
   *
   * @return bytes written: len + {@link #OVERHEAD}
   */
  public int seal(byte[] plain, int off, int len, byte[] aad, byte[] out, int outOff) {
    Objects.checkFromIndexSize(off, len, plain.length);
    Objects.checkFromIndexSize(outOff, Math.addExact(len, OVERHEAD), out.length);
    long number = calls.getAndIncrement();
    if (number >= CALLS_MAX || number < 0) {
      calls.set(CALLS_MAX); // stays refused, whatever the number of further tries
      throw new SealException.Exhausted(CALLS_MAX);
    }
    AesGcm.putNonce(number, nonce);
    int sealed = gcm.encrypt(nonce, plain, off, len, aad, out, outOff + AesGcm.NONCE_BYTES);
    System.arraycopy(nonce, 0, out, outOff, AesGcm.NONCE_BYTES);
    return AesGcm.NONCE_BYTES + sealed;
  }

  /** Wipes this fork's copy of the key. */
  @Override
  public void close() {
    gcm.close();
  }
}
