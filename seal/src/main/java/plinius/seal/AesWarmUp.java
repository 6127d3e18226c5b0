package plinius.seal;

import java.security.SecureRandom;

/**
 * Makes the JIT compile AES-GCM before the first real byte: cold, it opens 0.05 GB/s, and its
 * interpreted form looks secrets up in tables, which a cache can betray.
 *
 * <p>Calls count, not bytes, so many small records do it; a probe of real size then measures
 * whether the compiled code is in place. A time would be a lottery: where others have the
 * processors the compiler gets as little of it as this thread, and a limit in milliseconds ends
 * before it.
 */
public final class AesWarmUp {
  private static final int SMALL_BYTES = 528;
  private static final int PROBE_BYTES = 64 * 1024;
  private static final int SMALL_CALLS = 200;
  private static final int PROBES_WANTED = 3;

  /** Between what the interpreter and the first compiler reach (0.3) and slow processors warm. */
  private static final double WARM_BYTES_PER_NANO = 0.6;

  /**
   * A processor without instructions for AES never gets there: less than half a second is enough.
   */
  private static final int CALLS_MAX = 12_000;

  private AesWarmUp() {}

  /**
   * Returns when sealing and unsealing run compiled, or after enough calls to know they will not.
   */
  public static void run() {
    byte[] plain = new byte[PROBE_BYTES];
    new SecureRandom().nextBytes(plain);
    byte[] sealed = new byte[PROBE_BYTES + Sealer.OVERHEAD];
    byte[] aad = new byte[64];
    try (SecretBytes key = SecretBytes.random(32);
        Sealer sealer = new Sealer(key);
        Unsealer unsealer = new Unsealer(key)) {
      int probes = 0;
      for (int calls = 0; probes < PROBES_WANTED && calls < CALLS_MAX; calls += SMALL_CALLS) {
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
