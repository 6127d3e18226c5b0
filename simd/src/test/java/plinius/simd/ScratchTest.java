package plinius.simd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;

/** No loop gets a shorter array than it asks for, since none checks its stores. */
class ScratchTest {
  @ParameterizedTest
  @ValueSource(ints = {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE - 11})
  void a_count_that_no_array_has_is_refused(int count) {
    assertThatThrownBy(() -> Scratch.mine().array(Scratch.Use.TILE, count))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void prepared_weights_have_room_for_where_the_loops_begin() {
    assertThat(Lanes.FIRST).isLessThanOrEqualTo(ConvPlan.MARGIN);
  }

  @Test
  void an_array_begins_at_first_and_grows() {
    float[] some = Scratch.mine().array(Scratch.Use.TILE, 10);
    assertThat(some.length).isGreaterThanOrEqualTo(Lanes.FIRST + 10);

    assertThat(Scratch.mine().array(Scratch.Use.TILE, 9)).isSameAs(some);
    assertThat(Scratch.mine().array(Scratch.Use.TILE, some.length).length)
        .isGreaterThanOrEqualTo(Lanes.FIRST + some.length);
  }

  /** Blocks of at least 8 filters make 2^31 values or more of the deltas of this row. */
  @Test
  void deltas_that_no_array_holds_in_whole_blocks_are_refused() {
    ConvShape row = new ConvShape(2, 1 << 29, 1, 1, 2, 1, 0, 1);
    float[] nothing = {};

    assertThatThrownBy(
            () -> VectorConvolution.backwardWeights(row, nothing, 0, nothing, 0, nothing, 0, 1))
        .isInstanceOf(ArithmeticException.class);
  }
}
