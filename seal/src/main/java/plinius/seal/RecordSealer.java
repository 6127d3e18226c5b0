package plinius.seal;

/**
 * Seals the records of something that is written exactly once, under a key that belongs to it
 * alone: the nonce is the record's index, so it need not be stored. Indexes must grow from call to
 * call, else one nonce could meet two plaintexts. Not thread-safe.
 */
public final class RecordSealer implements AutoCloseable {
  /** Sealed bytes minus plain bytes: the tag. */
  public static final int OVERHEAD = AesGcm.TAG_BYTES;

  private final AesGcm gcm;
  private final byte[] nonce = new byte[AesGcm.NONCE_BYTES];
  private long last = -1;

  /** Copies the key: the caller closes its own, and makes no second RecordSealer of it. */
  public RecordSealer(SecretBytes key) {
    this.gcm = new AesGcm(key);
  }

  /**
   * Writes ciphertext (len) and tag (16).
   *
   * @param index 0 or more, and above every index before
   * @return bytes written: len + {@link #OVERHEAD}
   */
  public int seal(long index, byte[] plain, int off, int len, byte[] aad, byte[] out, int outOff) {
    if (index <= last) {
      throw new IllegalStateException(
          "record " + index + " after record " + last + ": an index is sealed once, and in order");
    }
    last = index; // before sealing: a failed try uses the index up
    AesGcm.putNonce(index, nonce);
    return gcm.encrypt(nonce, plain, off, len, aad, out, outOff);
  }

  @Override
  public void close() {
    gcm.close();
  }
}
