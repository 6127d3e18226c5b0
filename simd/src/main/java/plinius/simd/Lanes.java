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

  /** Vectors that the processor holds in registers: 32 with AVX-512 and on ARM, else 16. */
  static final int REGISTERS =
      FLOATS.vectorBitSize() == 512 || System.getProperty("os.arch").equals("aarch64") ? 32 : 16;

  /** Filters of a block: two vectors. */
  static final int BLOCK = 2 * LANES;

  /**
   * Where arrays of the kernels' own are used from, so that no vector lies across two lines of the
   * cache: a processor with 512 bits reads such a vector twice. Objects begin at multiples of 64
   * bytes (ObjectAlignmentInBytes in the enclave's image), the values of an array 16 bytes later.
   */
  static final int FIRST = 12;

  private Lanes() {}

  static FloatVector load(float[] array, int at) {
    return FloatVector.fromArray(FLOATS, array, at);
  }

  /** Stores a block. */
  static void store(FloatVector a, FloatVector b, float[] array, int at) {
    a.intoArray(array, at);
    b.intoArray(array, at + LANES);
  }

  static FloatVector broadcast(float value) {
    return FloatVector.broadcast(FLOATS, value);
  }

  static IntVector indexes() {
    return IntVector.zero(INTS).addIndex(1);
  }
}
