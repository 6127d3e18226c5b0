package plinius.seal;

import java.security.SecureRandom;

/**
 * Makes the JIT compile AES-GCM before the first real byte: cold, it opens 0.05 GB/s, and its
 * interpreted form looks secrets up in tables, which a cache can betray.
 *
 * <p>Calls count, not bytes, so many small records do it; a probe of real size then measures
 * whether the compiled code is in place. A time alone would be a lottery.
 */
public final class AesWarmUp {
  private static final int SMALL_BYTES = 528;
  private static final int PROBE_BYTES = 64 * 1024;
  private static final int SMALL_CALLS = 200;
  private static final int PROBES_WANTED = 3;
  private static final double WARM_BYTES_PER_NANO = 2.0;
  private static final long NANOS_MAX = 400_000_000L;

  private AesWarmUp() {}

  /** Returns when sealing and unsealing run at full speed, or after about 400 ms. */
  public static void run() {
    byte[] plain = new byte[PROBE_BYTES];
    new SecureRandom().nextBytes(plain);
    byte[] sealed = new byte[PROBE_BYTES + Sealer.OVERHEAD];
    byte[] aad = new byte[64];
    long start = System.nanoTime();
    try (SecretBytes key = SecretBytes.random(32);
        Sealer sealer = new Sealer(key);
        Unsealer unsealer = new Unsealer(key)) {
      int probes = 0;
      while (probes < PROBES_WANTED && System.nanoTime() - start < NANOS_MAX) {
        for (int i = 0; i < SMALL_CALLS; i++) {
          there(sealer, unsealer, SMALL_BYTES, plain, sealed, aad);
        }
        long before = System.nanoTime();
        there(sealer, unsealer, PROBE_BYTES, plain, sealed, aad);
        double speed = 2.0 * PROBE_BYTES / (System.nanoTime() - before);
        probes = speed > WARM_BYTES_PER_NANO ? probes + 1 : 0;
      }
    }
  }

  /** Seals, and back. */
  private static void there(
      Sealer sealer, Unsealer unsealer, int bytes, byte[] plain, byte[] sealed, byte[] aad) {
    int length = sealer.seal(plain, 0, bytes, aad, sealed, 0);
    unsealer.unseal(sealed, 0, length, aad, plain, 0);
  }
}
