package plinius.simd;

import static org.assertj.core.api.Assertions.assertThat;
import static plinius.simd.Lanes.BLOCK;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Tiles of every width give the bits of the narrowest; some of them run on other processors only.
 */
class TilesTest {
  private static final int ROWS = 2;
  private static final int TAPS = 9;

  private final float[] values = values(200);
  private final float[] blocks = values(ROWS * TAPS * BLOCK);
  private final int[] places = {
    0, 9, 18, 27, 40, 49, 58, 67
  }; // of pixels: four of one row, four of another
  private final int[] inBlocks = IntStream.range(0, 8).map(i -> i * BLOCK).toArray();

  @Test
  void pixels_do_not_depend_on_the_width_of_their_tile() {
    ForwardTiles tiles = new ForwardTiles().of(values, places, 80, TAPS, blocks, TAPS * BLOCK);
    float[] singly = new float[8 * BLOCK];
    for (int p = 0; p < 8; p++) {
      tiles.one(p, ROWS, 0, 0, singly, 0, inBlocks);
    }

    float[] eight = new float[8 * BLOCK];
    tiles.eight(0, ROWS, 0, 0, eight, 0, inBlocks);
    float[] five = new float[8 * BLOCK];
    tiles.five(0, ROWS, 0, 0, five, 0, inBlocks);
    tiles.five(3, ROWS, 0, 0, five, 0, inBlocks);
    float[] four = new float[8 * BLOCK];
    tiles.four(0, ROWS, 0, 0, four, 0, inBlocks);
    tiles.four(4, ROWS, 0, 0, four, 0, inBlocks);

    assertThat(eight).isEqualTo(singly);
    assertThat(five).isEqualTo(singly);
    assertThat(four).isEqualTo(singly);
  }

  @Test
  void taps_do_not_depend_on_the_width_of_their_tile() {
    GradientTiles tiles = new GradientTiles().of(values, places, blocks, inBlocks);
    float[] singly = values(8 * BLOCK);
    for (int t = 0; t < 8; t++) {
      tiles.one(places.length, t, 0, singly, t * BLOCK);
    }

    float[] eight = values(8 * BLOCK);
    tiles.eight(places.length, 0, 0, eight, 0, BLOCK);
    float[] four = values(8 * BLOCK);
    tiles.four(places.length, 0, 0, four, 0, BLOCK);
    tiles.four(places.length, 4, 0, four, 4 * BLOCK, BLOCK);

    assertThat(eight).isEqualTo(singly);
    assertThat(four).isEqualTo(singly);
  }

  private static float[] values(int count) {
    float[] array = new float[count];
    for (int i = 0; i < count; i++) {
      array[i] = i * 7919L % 1000 / 1000f - 0.5f;
    }
    return array;
  }
}
