package plinius.darknet.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import plinius.kernel.CounterRandom;

/** Boxes have to follow what they are drawn around. */
final class PlacementTest {
  private static final CounterRandom RANDOM = new CounterRandom(3);

  /** A white rectangle on black, and the box around it. */
  private static Image scene(int left, int top, int right, int bottom) {
    Image scene = new Image(40, 60, 3);
    for (int y = top; y < bottom; y++) {
      for (int x = left; x < right; x++) {
        for (int k = 0; k < 3; k++) {
          scene.values()[(y * 60 + x) * 3 + k] = 1;
        }
      }
    }
    return scene;
  }

  private static float[] box(float left, float top, float right, float bottom) {
    return new float[] {(left + right) / 2, (top + bottom) / 2, right - left, bottom - top, 2};
  }

  @Test
  void a_box_moves_with_what_is_in_it() {
    long seed = Long.getLong("test.seed", System.nanoTime());
    Random random = new Random(seed);
    Placement placement = new Placement(64, 64, .3f, 0, 1, 1);
    for (int round = 0; round < 200; round++) {
      int left = random.nextInt(30);
      int top = random.nextInt(20);
      int right = left + 8 + random.nextInt(20);
      int bottom = top + 8 + random.nextInt(10);
      float[] boxes = box(left / 60f, top / 40f, right / 60f, bottom / 40f);
      Chance chance = Chance.of(RANDOM, Chance.AUGMENTATION, round);

      Image placed = placement.place(scene(left, top, right, bottom), boxes, chance);

      float[] seen = whiteBox(placed);
      for (int i = 0; i < 4; i++) {
        // Pixels are whole, and the picture's place is cut to whole ones, too.
        assertThat(boxes[i])
            .as("value %d in round %d, -Dtest.seed=%d", i, round, seed)
            .isCloseTo(seen[i], offset(4 / 64f));
      }
      assertThat(boxes[4]).isEqualTo(2);
    }
  }

  private static float[] whiteBox(Image image) {
    int left = image.w();
    int right = 0;
    int top = image.h();
    int bottom = 0;
    for (int y = 0; y < image.h(); y++) {
      for (int x = 0; x < image.w(); x++) {
        if (image.values()[(y * image.w() + x) * 3] > .75f) {
          left = Math.min(left, x);
          right = Math.max(right, x + 1);
          top = Math.min(top, y);
          bottom = Math.max(bottom, y + 1);
        }
      }
    }
    return box(left / 64f, top / 64f, right / 64f, bottom / 64f);
  }

  @Test
  void a_list_leaves_out_what_was_cut_away_and_what_has_no_room() {
    float[] boxes = {
      .5f, .5f, .2f, .2f, 1, .5f, .5f, .0005f, .2f, 2, .1f, .2f, .3f, .4f, 3, .9f, .9f, .1f, .1f, 4
    };
    float[] truth = {9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9};

    Placement.list(boxes, truth, 1, 10);

    assertThat(truth).containsExactly(9, .5f, .5f, .2f, .2f, 1, .1f, .2f, .3f, .4f, 3, 9);
  }

  @Test
  void a_grid_has_a_box_in_the_cell_of_its_centre() {
    float[] truth = new float[2 * 2 * 7];

    Placement.grid(new float[] {.75f, .25f, .2f, .3f, 1, 1, 1, .2f, .2f, 0}, truth, 0, 2, 2);

    assertThat(Arrays.copyOfRange(truth, 7, 14)).containsExactly(1, 0, 1, .5f, .5f, .2f, .3f);
    assertThat(Arrays.copyOfRange(truth, 21, 28)).containsExactly(1, 1, 0, 1, 1, .2f, .2f);
  }
}
