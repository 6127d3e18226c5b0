package plinius.simd;

import static org.assertj.core.api.Assertions.assertThat;
import static plinius.simd.Lanes.BLOCK;

import org.junit.jupiter.api.Test;

/**
 * Tiles of every width give the bits of the narrowest; some of them run on other processors only.
 */
class TilesTest {
  private static final int ROWS = 2;
  private static final int TAPS = 9;

  private final float[] values = values(200);
  private final float[] blocks = values(ROWS * TAPS * BLOCK);

  @Test
  void pixels_do_not_depend_on_the_width_of_their_tile() {
    ForwardTiles tiles = new ForwardTiles(values, TAPS, 50, TAPS, blocks, TAPS * BLOCK);
    float[] singly = new float[8 * BLOCK];
    for (int p = 0; p < 8; p++) {
      tiles.one(ROWS, p * TAPS, 0, singly, p * BLOCK);
    }

    float[] eight = new float[8 * BLOCK];
    tiles.eight(ROWS, 0, 0, eight, 0, BLOCK);
    float[] five = new float[8 * BLOCK];
    tiles.five(ROWS, 0, 0, five, 0, BLOCK);
    tiles.five(ROWS, 3 * TAPS, 0, five, 3 * BLOCK, BLOCK);
    float[] four = new float[8 * BLOCK];
    tiles.four(ROWS, 0, 0, four, 0, BLOCK);
    tiles.four(ROWS, 4 * TAPS, 0, four, 4 * BLOCK, BLOCK);

    assertThat(eight).isEqualTo(singly);
    assertThat(five).isEqualTo(singly);
    assertThat(four).isEqualTo(singly);
  }

  @Test
  void taps_do_not_depend_on_the_width_of_their_tile() {
    GradientTiles tiles = new GradientTiles(values, 8, 90, blocks, BLOCK, TAPS * BLOCK);
    float[] singly = values(8 * BLOCK);
    for (int t = 0; t < 8; t++) {
      tiles.one(ROWS, TAPS, t, 0, singly, t * BLOCK);
    }

    float[] eight = values(8 * BLOCK);
    tiles.eight(ROWS, TAPS, 0, 0, eight, 0, BLOCK);
    float[] four = values(8 * BLOCK);
    tiles.four(ROWS, TAPS, 0, 0, four, 0, BLOCK);
    tiles.four(ROWS, TAPS, 4, 0, four, 4 * BLOCK, BLOCK);

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
