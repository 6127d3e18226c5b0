package plinius.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
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

  /** JSON has no number for what is not finite. */
  @Test
  void a_box_that_is_no_number_is_valid_json_without_one() throws Exception {
    Label.Box box = new Label.Box(0, Float.NaN, .5f, Float.POSITIVE_INFINITY, .25f);
    List<DetectCommand.Find> finds = List.of(new DetectCommand.Find(box, .75f));

    String line = DetectCommand.json(0, finds, picture, List.of()).toString();

    JsonNode found = new ObjectMapper().readTree(line).get("boxes").get(0);
    assertThat(found.get("x").isNull()).as(line).isTrue();
    assertThat(found.get("w").isNull()).as(line).isTrue();
    assertThat(found.get("y").floatValue()).isEqualTo(.5f);
    assertThat(found.get("probability").floatValue()).isEqualTo(.75f);
  }

  private int[] edges(float x, float y, float w, float h) {
    return DetectCommand.edges(new Label.Box(0, x, y, w, h), picture);
  }
}
