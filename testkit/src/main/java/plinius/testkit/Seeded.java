package plinius.testkit;

import java.util.Random;

/** Random tests repeat with -Dtest.seed=; the seed stands in each failure. */
public record Seeded(long seed, Random random) {
  /** With the seed that was asked for, else with another one each time. */
  public static Seeded fresh() {
    String given = System.getProperty("test.seed", "");
    long seed = given.isEmpty() ? System.nanoTime() : Long.parseLong(given);
    return new Seeded(seed, new Random(seed));
  }

  /** Any bytes, so many. */
  public byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  @Override
  public String toString() {
    return "-Dtest.seed=" + seed;
  }
}
