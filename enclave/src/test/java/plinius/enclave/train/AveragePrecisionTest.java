package plinius.enclave.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import plinius.darknet.layer.Box;
import plinius.darknet.layer.Detection;
import plinius.dataset.Label;

/** Against areas that were computed by hand. */
class AveragePrecisionTest {
  private final AveragePrecision precision = new AveragePrecision(2);

  private static Label.Box wanted(int category, float x) {
    return new Label.Box(category, x, .5f, .1f, .1f);
  }

  private static Detection found(float x, float first, float second) {
    return new Detection(new Box(x, .5f, .1f, .1f), 1, new float[] {first, second});
  }

  @Test
  void all_found_and_nothing_else_is_one() {
    precision.add(List.of(wanted(0, .2f), wanted(1, .6f)), List.of(found(.2f, .9f, 0)));
    precision.add(List.of(), List.of(found(.6f, 0, .01f)));
    assertThat(precision.mean()).isEqualTo(.5);

    AveragePrecision all = new AveragePrecision(2);
    all.add(
        List.of(wanted(0, .2f), wanted(1, .6f)), List.of(found(.21f, .9f, 0), found(.6f, 0, .3f)));
    assertThat(all.mean()).isEqualTo(1);
  }

  @Test
  void a_wrong_find_counts_by_how_sure_it_is_over_all_scenes() {
    precision.add(List.of(wanted(0, .2f)), List.of(found(.2f, .5f, 0)));
    precision.add(List.of(wanted(0, .2f)), List.of(found(.2f, .9f, 0), found(.8f, .7f, 0)));

    // Right, wrong, right: precisions 1, 1/2, 2/3 at recalls 1/2, 1/2, 1.
    assertThat(precision.mean()).isCloseTo(.5 * 1 + .5 * 2 / 3, within(1e-12));
  }

  @Test
  void a_second_find_of_the_same_thing_is_wrong() {
    precision.add(
        List.of(wanted(0, .2f), wanted(0, .6f)),
        List.of(found(.2f, .9f, 0), found(.21f, .8f, 0), found(.6f, .7f, 0)));

    assertThat(precision.mean()).isCloseTo(.5 * 1 + .5 * 2 / 3, within(1e-12));
  }

  @Test
  void an_overlap_of_half_is_enough_and_less_is_not() {
    // Boxes of width .1: moved by a third of it, half of what either covers is common.
    precision.add(List.of(wanted(0, .5f)), List.of(found(.5f + .0333f, .9f, 0)));
    assertThat(precision.mean()).isEqualTo(1);

    AveragePrecision less = new AveragePrecision(1);
    less.add(List.of(wanted(0, .5f)), List.of(found(.5f + .034f, .9f, 0)));
    assertThat(less.mean()).isZero();
  }

  @Test
  void classes_that_no_scene_has_do_not_count_and_without_any_it_is_zero() {
    precision.add(List.of(wanted(1, .5f)), List.of(found(.5f, .4f, .9f)));
    assertThat(precision.mean()).isEqualTo(1);

    assertThat(new AveragePrecision(3).mean()).isZero();
  }

  @Test
  void a_large_boxes_nearest_truth_is_the_one_it_overlaps_most() {
    List<Label.Box> scene = new ArrayList<>(List.of(wanted(0, .50f), wanted(0, .53f)));
    precision.add(scene, List.of(found(.53f, .9f, 0), found(.50f, .8f, 0)));

    assertThat(precision.mean()).isEqualTo(1);
  }
}
