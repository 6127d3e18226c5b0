package plinius.verification;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * How long verifying takes, for each piece of genuine evidence in a manifest: chains, lists of what
 * is revoked, platform's state and signatures; the collateral is read already.
 *
 * <p>Arguments: a folder with a manifest, rounds.
 */
final class VerificationBenchmark {
  private VerificationBenchmark() {}

  public static void main(String[] arguments) {
    int rounds = Integer.parseInt(arguments[1]);
    System.out.println("| evidence | least, ms | median, ms |\n|---|---|---|");
    for (ManifestEntry entry : ManifestEntry.all(Path.of(arguments[0]))) {
      for (ManifestEntry.Item item : entry.items()) {
        if (!item.isExpectedGenuine()) {
          continue;
        }
        measure(item, rounds); // until the compilers have done
        double[] millis = measure(item, rounds);
        System.out.printf(
            Locale.ROOT,
            "| %s: %s | %.1f | %.1f |%n",
            entry.id(),
            item.name(),
            millis[0],
            millis[rounds / 2]);
      }
    }
  }

  private static double[] measure(ManifestEntry.Item item, int rounds) {
    double[] millis = new double[rounds];
    for (int i = 0; i < rounds; i++) {
      long began = System.nanoTime();
      Verification verification = item.verify();
      millis[i] = (System.nanoTime() - began) / 1e6;
      if (!(verification instanceof Verification.Genuine)) {
        throw new IllegalStateException(item.name() + ": " + verification);
      }
    }
    Arrays.sort(millis);
    return millis;
  }
}
