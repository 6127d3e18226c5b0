package plinius.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A shape is one whose counts are right, and fit into arrays, or it is refused. */
class ShapesTest {
  @ParameterizedTest
  @CsvSource({
    // h, w, c, filters, size, stride, pad, groups
    "65536,65536,1,1,1,1,0,1, padded input of 4294967296 values",
    "2147483647,2147483647,1,1,1,1,0,1, padded input of 46116860141324",
    "16384,2,16,1,1,1,8192,1, padded input of 4295491584 values",
    "4096,4096,1,128,3,1,1,1, output of 2147483648 values",
    "2,2,16384,16384,3,1,1,1, weights of 2415919104 values",
    "1024,262144,1,1,1023,1,511,1, ''",
    "1024,1048576,1,2,1023,1,511,1, output of 2147483648 values",
    "100000,20000,1,1,1024,1,512,1, padded delta of 2204822048 values",
    "1,4,1,1,5,2,0,1, finds no place",
    "4,1,1,1,5,2,0,1, finds no place",
  })
  void a_convolution_is_refused_by_what_no_array_holds(
      int h, int w, int c, int filters, int size, int stride, int pad, int groups, String refusal) {
    if (refusal.isEmpty()) {
      assertThat(new ConvShape(h, w, c, filters, size, stride, pad, groups).outputs())
          .isEqualTo(h * w);
    } else {
      assertThatThrownBy(() -> new ConvShape(h, w, c, filters, size, stride, pad, groups))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(refusal);
    }
  }

  @Test
  void a_convolution_of_many_channels_to_a_small_image_of_many_filters_is_one() {
    ConvShape s = new ConvShape(4096, 4096, 3, 128, 3, 32, 1, 1);

    assertThat(s.outputs()).isEqualTo(128 * 128 * 128);
    assertThat(s.inputs()).isEqualTo(3 << 24);
  }

  @Test
  void weights_that_no_array_holds_in_whole_blocks_are_refused() {
    ConvShape s = ConvShape.connected(1 << 27, 1);

    assertThatThrownBy(() -> ConvPlan.preparedFloats(s))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("weights in blocks of 32 of 4294967312 values");
  }

  @ParameterizedTest
  @CsvSource({
    "16384,16384,16,2,2,0, input of 4294967296 values",
    "30000,30000,2,2,1,10001, output of 3200000000 values",
    "2147483647,2147483647,2147483647,1,1,0, input of 9903520300447984",
  })
  void a_pooling_is_refused_by_what_no_array_holds(
      int h, int w, int c, int size, int stride, int padding, String refusal) {
    assertThatThrownBy(() -> PoolShape.of(h, w, c, size, stride, padding))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(refusal);
  }
}
