package plinius.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import plinius.dataset.DataKind;
import plinius.dataset.Label;
import plinius.dataset.SampleKind;
import plinius.ingest.BoxedPicture;

/** Where a found box lies in its picture, in pixels. */
final class BoxEdgesTest {
  private final BoxedPicture picture =
      BoxedPicture.of(new byte[40 * 60 * 3], new SampleKind(DataKind.SCENES, 40, 60, 3, 1, 1));

  @Test
  void a_box_within_the_picture_keeps_its_edges() {
    assertThat(edges(.5f, .5f, .5f, .25f)).containsExactly(15, 15, 45, 25);
  }

  @Test
  void a_box_of_the_whole_picture_has_the_pictures_edges() {
    assertThat(edges(.5f, .5f, 1, 1)).containsExactly(0, 0, 60, 40);
  }

  @Test
  void a_box_of_any_size_ends_at_the_pictures_edges() {
    assertThat(edges(.5f, .5f, 1e12f, Float.POSITIVE_INFINITY)).containsExactly(0, 0, 60, 40);
  }

  @Test
  void a_box_beyond_the_picture_lies_at_its_edge() {
    assertThat(edges(-1e12f, 3, .5f, .5f)).containsExactly(0, 40, 0, 40);
  }

  private int[] edges(float x, float y, float w, float h) {
    return DetectCommand.edges(new Label.Box(0, x, y, w, h), picture);
  }
}
