package plinius.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** The vectors in use: the widest of the processor up to 512 bits, at least 128. */
final class Lanes {
  static final VectorSpecies<Float> FLOATS =
      FloatVector.SPECIES_PREFERRED.vectorBitSize() > 512
          ? FloatVector.SPECIES_512
          : FloatVector.SPECIES_PREFERRED.vectorBitSize() < 128
              ? FloatVector.SPECIES_128
              : FloatVector.SPECIES_PREFERRED;

  private static final VectorShape SHAPE = FLOATS.vectorShape();
  static final VectorSpecies<Integer> INTS = SHAPE.withLanes(int.class);

  /** Lanes of a vector. */
  static final int LANES = FLOATS.length();

  /** Filters of a block: two vectors. */
  static final int BLOCK = 2 * LANES;

  private Lanes() {}

  static FloatVector load(float[] array, int at) {
    return FloatVector.fromArray(FLOATS, array, at);
  }

  static FloatVector broadcast(float value) {
    return FloatVector.broadcast(FLOATS, value);
  }

  static IntVector indexes() {
    return IntVector.zero(INTS).addIndex(1);
  }
}
