package plinius.darknet.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void a_box_moves_with_what_is_in_it(boolean cuts) {
    long seed = Long.getLong("test.seed", System.nanoTime());
    Random random = new Random(seed);
    Placement placement = new Placement(cuts, .3f, new Colours(0, 1, 1));
    for (int round = 0; round < 200; round++) {
      // Not at the scene's border, which goes on where a cut begins outside of it.
      int left = 1 + random.nextInt(28);
      int top = 1 + random.nextInt(18);
      int right = left + 8 + random.nextInt(20);
      int bottom = top + 8 + random.nextInt(10);
      float[] boxes = box(left / 60f, top / 40f, right / 60f, bottom / 40f);
      Chance chance = new Chance(RANDOM, round);

      Image placed = placement.place(scene(left, top, right, bottom), boxes, 64, 64, chance);

      float[] seen = whiteBox(placed);
      if (cuts && Math.min(seen[2], seen[3]) < .1f) {
        continue; // cut away
      }
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
  void boxes_come_in_another_order_for_each_image_so_that_not_the_same_have_no_room() {
    Placement placement = new Placement(false, 0, new Colours(0, 1, 1));
    Set<Float> first = new HashSet<>();
    for (int round = 0; round < 40; round++) {
      float[] boxes = {
        .5f, .5f, .2f, .2f, 0, .4f, .5f, .2f, .2f, 1, .3f, .5f, .2f, .2f, 2, .6f, .5f, .2f, .2f, 3
      };
      Chance chance = new Chance(RANDOM, round);

      placement.place(scene(1, 1, 9, 9), boxes, 8, 8, chance);

      first.add(boxes[4]);
      assertThat(new float[] {boxes[4], boxes[9], boxes[14], boxes[19]})
          .containsExactlyInAnyOrder(0, 1, 2, 3);
    }
    assertThat(first).containsExactlyInAnyOrder(0f, 1f, 2f, 3f);
  }

  @Test
  void a_list_leaves_out_what_was_cut_away_and_what_has_no_room() {
    float[] boxes = {
      .5f, .5f, .2f, .2f, 1, .5f, .5f, .0005f, .2f, 2, .1f, .2f, .3f, .4f, 3, .9f, .9f, .1f, .1f, 4
    };
    float[] truth = {9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9};
    float[] expected = {9, .5f, .5f, .2f, .2f, 1, .1f, .2f, .3f, .4f, 3, 0, 0, 0, 0, 0, 9};

    Placement.list(boxes, truth, 1, 15, 90);
    assertThat(truth).containsExactly(expected);

    // As in the original, the places of those that were cut away are not given to others.
    Placement.list(boxes, truth, 1, 15, 2);
    Arrays.fill(expected, 6, 11, 0);
    assertThat(truth).containsExactly(expected);
  }

  @Test
  void a_grid_has_a_box_in_the_cell_of_its_centre() {
    float[] truth = new float[2 * 2 * 7];

    Placement.grid(new float[] {.75f, .25f, .2f, .3f, 1, 1, 1, .2f, .2f, 0}, truth, 0, 2, 2);

    assertThat(Arrays.copyOfRange(truth, 7, 14)).containsExactly(1, 0, 1, .5f, .5f, .2f, .3f);
    assertThat(Arrays.copyOfRange(truth, 21, 28)).containsExactly(1, 1, 0, 1, 1, .2f, .2f);
  }
}
