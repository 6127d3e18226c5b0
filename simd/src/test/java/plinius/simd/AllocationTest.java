package plinius.simd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Nothing is made anew for a call, and vectors stay in registers: where the compiler gives up on a
 * loop that is too large for it, each becomes an object, the bits stay the same, and the kernel
 * takes many times as long.
 */
class AllocationTest {
  @ParameterizedTest
  @ValueSource(strings = {"-XX:MaxVectorSize=64", "-XX:MaxVectorSize=32"})
  void kernels_allocate_nothing_once_they_are_compiled(String width) throws Exception {
    List<String> options = new ArrayList<>(ChildJvm.OPTIONS_OF_THE_IMAGE);
    options.add(width);

    List<String> bytesOfCalls =
        ChildJvm.run(options, Allocations.class, List.of()).lines().toList();

    assertThat(bytesOfCalls)
        .hasSizeGreaterThan(60)
        .allSatisfy(line -> assertThat(line).startsWith("0 "));
  }
}
