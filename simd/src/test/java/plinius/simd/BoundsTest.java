package plinius.simd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static plinius.simd.KernelDigest.Values.USUAL;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import plinius.reference.ScalarKernels;

/**
 * The image switches the virtual machine's checks of vector accesses off. Here they are on, and all
 * arrays, those that a thread keeps for itself included, end where the kernel's arguments end.
 */
class BoundsTest {
  @Test
  void a_vector_that_reaches_beyond_its_array_throws_here() {
    float[] tooShort = new float[Lanes.LANES];

    assertThatThrownBy(() -> Lanes.load(tooShort, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> Lanes.broadcast(1).intoArray(tooShort, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void no_kernel_reaches_beyond_arrays_that_are_just_long_enough() {
    long seed = Long.getLong("test.seed", System.nanoTime());

    Map<String, Long> vector = KernelDigest.exact(new VectorKernels(), seed);

    Map<String, Long> reference = KernelDigest.exact(new ScalarKernels(), seed);
    assertThat(KernelDigest.difference(reference, vector)).as("-Dtest.seed=%d", seed).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"-XX:MaxVectorSize=16", "-XX:MaxVectorSize=32"})
  void nor_at_other_widths(String width) throws Exception {
    List<String> options = new ArrayList<>(List.of("--add-modules", "jdk.incubator.vector"));
    options.add(width);

    String digest =
        ChildJvm.run(
            options, KernelDigest.class, List.of("vector", "1", "1", "exact", USUAL.name()));

    assertThat(digest).endsWith(KernelDigest.exact(new ScalarKernels(), 1).toString());
  }
}
