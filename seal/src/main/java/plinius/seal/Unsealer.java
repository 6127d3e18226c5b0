package plinius.seal;

import java.util.Objects;

/** Opens what {@link Sealer} or {@link RecordSealer} sealed. Not thread-safe: one a thread. */
public final class Unsealer implements AutoCloseable {
  private final AesGcm gcm;
  private final byte[] nonce = new byte[AesGcm.NONCE_BYTES];

  /** Copies the key: the caller closes its own. */
  public Unsealer(SecretBytes key) {
    this.gcm = new AesGcm(key);
  }

  /**
   * Opens nonce, ciphertext and tag. Give it a copy: bytes that others can change while it reads
   * are read twice.
   *
   * @param len of all three: plain bytes + {@link Sealer#OVERHEAD}
   * @return plain bytes written
   * @throws SealException.NotAuthentic and zeros in {@code out}, if key, bytes or associated data
   *     are not those that were sealed
   */
  public int unseal(byte[] sealed, int off, int len, byte[] aad, byte[] out, int outOff) {
    Objects.checkFromIndexSize(off, len, sealed.length);
    if (len < Sealer.OVERHEAD) {
      throw new SealException.NotAuthentic(
          "not authentic: %d bytes are fewer than the %d of nonce and tag"
              .formatted(len, Sealer.OVERHEAD));
    }
    System.arraycopy(sealed, off, nonce, 0, nonce.length);
    return gcm.decrypt(nonce, sealed, off + nonce.length, len - nonce.length, aad, out, outOff);
  }

  /**
   * Opens ciphertext and tag of one record.
   *
   * @param index at which {@link RecordSealer} sealed it
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
