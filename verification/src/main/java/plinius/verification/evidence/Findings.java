package plinius.verification.evidence;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The checks that one piece of evidence has passed, in order, for people who ask why. */
public final class Findings {
  private final List<String> passed = new ArrayList<>();

  /** Nothing is checked yet. */
  public Findings() {}

  /** Writes down a check that held; {@code what} is the field a failure would have named. */
  public void passed(String what) {
    passed.add(what);
  }

  /** Writes down a check that holds, and refutes the evidence if it does not. */
  public void require(boolean holds, String what, String got, String want) throws Refuted {
    if (!holds) {
      throw new Refuted(what, got, want);
    }
    passed(what);
  }

  /** Refutes the evidence unless the two are the same bytes. */
  public void requireEqual(byte[] got, byte[] want, String what, String meaning) throws Refuted {
    // All of this is public: there is no secret whose comparison could leak.
    require(Arrays.equals(got, want), what, hex(got), hex(want) + " (" + meaning + ")");
  }

  /** What held so far. */
  public List<String> list() {
    return List.copyOf(passed);
  }

  private static String hex(byte[] bytes) {
    return java.util.HexFormat.of().formatHex(bytes);
  }
}
