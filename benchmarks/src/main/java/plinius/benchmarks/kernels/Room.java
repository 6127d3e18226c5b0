package plinius.benchmarks.kernels;

import java.util.EnumMap;
import java.util.Map;

/** The arrays that all measurements share: each as long as the one that needs most of it. */
final class Room {
  /** What an array is for: those that one kernel uses have names of their own. */
  enum Name {
    /** Inputs of convolutions. */
    X,
    /** Their outputs, or the deltas of these. */
    Y,
    /** Deltas of the inputs. */
    DELTA,
    WEIGHTS,
    PREPARED,
    UPDATES,
    /** Values that lie in no cache, for the kernels that memory bounds. */
    FIRST,
    SECOND,
    THIRD
  }

  private final Map<Name, float[]> arrays = new EnumMap<>(Name.class);

  /**
   * At least so many values, all positive: none of the kernels, called over and over, makes
   * denormal numbers of them.
   */
  float[] array(Name name, int count) {
    float[] before = arrays.get(name);
    if (before != null && before.length >= count) {
      return before;
    }
    float[] array = new float[count];
    for (int i = 0; i < count; i++) {
      array[i] = (i * 7919L % 1000 + 1) / 1000f;
    }
    arrays.put(name, array);
    return array;
  }
}
