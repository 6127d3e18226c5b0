package plinius.darknet.data;

/** glibc's rand() (additive feedback), drawn from as the original draws. */
public final class Glibc extends Chance {
  private static final int DEGREE = 31;
  private static final int SEPARATION = 3;
  private static final int DISCARDED = 310;

  private final int[] state = new int[DEGREE];
  private int next = SEPARATION;

  /** As after srand(seed). */
  public Glibc(int seed) {
    super((_, _, _) -> 0, 0);
    state[0] = seed == 0 ? 1 : seed;
    for (int i = 1; i < DEGREE; i++) {
      state[i] = (int) Math.floorMod(16807L * state[i - 1], 2147483647L);
    }
    for (int i = 0; i < DISCARDED; i++) {
      rand();
    }
  }

  /** The next number, of 31 bits. */
  public int rand() {
    int at = next % DEGREE;
    state[at] += state[(next + DEGREE - SEPARATION) % DEGREE];
    next++;
    return state[at] >>> 1;
  }

  @Override
  public float uniform() {
    return (float) rand() / 0x1p31f;
  }

  @Override
  public int below(int count) {
    return rand() % count;
  }
}
