package plinius.seal;

/** Opens what {@link RecordSealer} sealed. Not thread-safe: one a thread. */
public final class RecordUnsealer implements AutoCloseable {
  private final AesGcm gcm;
  private final byte[] nonce = new byte[AesGcm.NONCE_BYTES];

  /** Copies the key: the caller closes its own. */
  public RecordUnsealer(SecretBytes key) {
    this.gcm = new AesGcm(key);
  }

  /**
   * Opens ciphertext and tag of one record.
   *
   * @param len of both: plain bytes + {@link RecordSealer#OVERHEAD}
   * @return plain bytes written
   * @throws SealException.NotAuthentic and zeros in {@code out}, if key, index, bytes or associated
   *     data are not those that were sealed
   */
  public int unseal(
      long index, byte[] sealed, int off, int len, byte[] aad, byte[] out, int outOff) {
    AesGcm.putNonce(index, nonce);
    return gcm.decrypt(nonce, sealed, off, len, aad, out, outOff);
  }

  @Override
  public void close() {
    gcm.close();
  }
}
