package plinius.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.darknet.layer.Box;

/** Scenes with boxes, from the owner's pictures to what a detector finds in them. */
class DetectTest {
  private static final int STOPPED = 75;

  @TempDir Path folder;
  private Plinius plinius;
  private Path key;
  private Path cfg;

  @BeforeEach
  void make_a_key() {
    plinius = Plinius.installed(folder.resolve("platform"));
    key = folder.resolve("owner.key");
    cfg = Plinius.root().resolve("examples/scenes/scenes-small.cfg");
    plinius.run("key", "new", key).expect(0);
  }

  private Path draw(int count) {
    Path drawn = folder.resolve("drawn");
    plinius.run("data", "draw-scenes", drawn, "--count", count).expect(0);
    Path sealed = folder.resolve("scenes.sealed");
    Path data = drawn.resolve("scenes.data");
    plinius
        .run("data", "seal", "--key", key, "--scenes", data, "--size", "64x64", "--out", sealed)
        .expect(0);
    return sealed;
  }

  private Plinius.Run run(String verb, String pm, Object... more) {
    Object[] where = {verb, cfg, "--key", key, "--pm", folder.resolve(pm), "--json"};
    return plinius.run(Stream.concat(Stream.of(where), Stream.of(more)).toArray());
  }

  /** What was found where no such thing was drawn. */
  private List<JsonNode> wrong(JsonNode detection) throws IOException {
    Path text = folder.resolve("drawn/%06d.txt".formatted(detection.path("sample").asInt()));
    List<JsonNode> wrong = new ArrayList<>();
    detection.path("boxes").forEach(wrong::add);
    for (String line : Files.readAllLines(text)) {
      String[] words = line.split(" ", -1);
      Box truth =
          new Box(
              Float.parseFloat(words[1]),
              Float.parseFloat(words[2]),
              Float.parseFloat(words[3]),
              Float.parseFloat(words[4]));
      wrong.removeIf(
          box -> box.path("class").asText().equals(words[0]) && truth.iou(box(box)) > .5);
    }
    return wrong;
  }

  private static Box box(JsonNode box) {
    return new Box(
        (float) box.path("x").asDouble(),
        (float) box.path("y").asDouble(),
        (float) box.path("w").asDouble(),
        (float) box.path("h").asDouble());
  }

  @Test
  void a_detector_learns_at_changing_sizes_exactly_and_only_the_owner_sees_what_it_finds()
      throws IOException {
    Path data = draw(16);
    Object[] some = {"--data", data, "--iterations", "25"};
    String undisturbed = run("train", "pm-1", some).expect(0).state();
    // Images of another size begin at the tenth iteration and the twentieth.
    run("train", "pm-2", "--data", data, "--iterations", "10").expect(0);
    run("train", "pm-2", "--data", data, "--kill-at", "mirror-out:13").expect(STOPPED);
    run("train", "pm-2", "--data", data, "--iterations", "20").expect(0);
    Plinius.Run resumed =
        run("train", "pm-2", "--data", data, "--iterations", "25", "--threads", "1");
    assertThat(resumed.expect(0).state()).isEqualTo(undisturbed);

    Object[] learn = {
      "--data", data, "--iterations", "320", "--valid", data, "--valid-every", "40"
    };
    List<JsonNode> validated = run("train", "pm-2", learn).expect(0).events("validated");
    assertThat(validated).hasSizeGreaterThan(5);
    double best =
        validated.stream()
            .mapToDouble(event -> event.path("meanAveragePrecision").asDouble())
            .max()
            .orElseThrow();
    assertThat(best).isGreaterThan(.6);
    JsonNode tested = run("test", "pm-2", "--data", data, "--best").expect(0).event("tested");
    assertThat(tested.path("meanAveragePrecision").asDouble()).isEqualTo(best);
    assertThat(tested.path("scenes").asInt()).isEqualTo(16);

    Path answer = folder.resolve("answer");
    Path found = folder.resolve("found");
    Object[] look = {"--data", data, "--best", "--out", answer, "--draw", found};
    List<JsonNode> detections = run("detect", "pm-2", look).expect(0).events("detection");
    assertThat(detections).hasSize(16);
    int boxes = 0;
    int wrong = 0;
    for (JsonNode detection : detections) {
      boxes += detection.path("boxes").size();
      wrong += wrong(detection).size();
      assertThat(found.resolve(detection.path("sample").asInt() + ".png")).isNotEmptyFile();
    }
    assertThat(boxes).isGreaterThan(8);
    assertThat(wrong).as("of %d boxes", boxes).isLessThan(boxes / 2);
    assertThat(Files.size(answer)).isEqualTo(64 + 4 + (16 * 4 + boxes * 24) + 16);

    // A picture of the network's own size is the same sample.
    List<JsonNode> pictures =
        run("detect", "pm-2", "--best", "--image", folder.resolve("drawn/000003.png"))
            .expect(0)
            .events("detection");
    assertThat(pictures).hasSize(1);
    assertThat(pictures.getFirst().path("boxes")).isEqualTo(detections.get(3).path("boxes"));
  }

  @Test
  @Tag("long")
  void a_detector_overfits_fifty_scenes() {
    Path data = draw(50);
    run("train", "pm", "--data", data).expect(0);

    JsonNode tested = run("test", "pm", "--data", data).expect(0).event("tested");

    System.out.println("a detector that overfits fifty scenes: " + tested);
    assertThat(tested.path("meanAveragePrecision").asDouble()).isGreaterThan(.9);
  }
}
