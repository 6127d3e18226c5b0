package plinius.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.cli.demo.DrawnDigits;

/** Other data than labelled digits, from the owner's files to answers that the owner opens. */
class DataKindsTest {
  private static final int STOPPED = 75;

  @TempDir Path folder;
  private Plinius plinius;
  private Path key;

  @BeforeEach
  void make_a_key() {
    plinius = Plinius.installed(folder.resolve("platform"));
    key = folder.resolve("owner.key");
    plinius.run("key", "new", key).expect(0);
  }

  private Path seal(String name, Object... files) {
    Path sealed = folder.resolve(name);
    Object[] where = {"data", "seal", "--key", key, "--out", sealed};
    plinius.run(join(where, files)).expect(0);
    return sealed;
  }

  private Plinius.Run run(String verb, Path cfg, String pm, Object... more) {
    Object[] where = {verb, cfg, "--key", key, "--pm", folder.resolve(pm), "--json"};
    return plinius.run(join(where, more));
  }

  private static Object[] join(Object[] first, Object... rest) {
    return Stream.concat(Stream.of(first), Stream.of(rest)).toArray();
  }

  /** A class is a colour of the upper half: what no augmentation of ours hides. */
  private Path cifar(int images) throws IOException {
    Random random = new Random(5);
    byte[] records = new byte[images * 3073];
    for (int i = 0; i < images; i++) {
      int category = i % 3;
      records[i * 3073] = (byte) category;
      for (int at = 0; at < 3072; at++) {
        int light = at / 1024 == category ? 200 : 20;
        records[i * 3073 + 1 + at] = (byte) (light + random.nextInt(50));
      }
    }
    return Files.write(folder.resolve("cifar.bin"), records);
  }

  @Test
  void a_network_trains_on_augmented_images_exactly_and_only_the_owner_reads_its_predictions()
      throws IOException {
    Path cfg = Plinius.root().resolve("examples/cifar/cifar-small.cfg");
    Path data = seal("cifar.sealed", "--cifar10", cifar(300));
    // Enough for any order of the samples: it depends on the key, which is another in each run.
    Object[] learn = {"--data", data, "--set", "batch=16", "--set", "max_batches=36"};
    Object[] small = join(learn, "--set", "learning_rate=0.03");
    Object[] validated = join(small, "--valid", data, "--valid-every", "12");

    Plinius.Run undisturbed = run("train", cfg, "pm-1", validated).expect(0);
    run("train", cfg, "pm-2", join(validated, "--kill-at", "mirror-out:7")).expect(STOPPED);
    Plinius.Run resumed = run("train", cfg, "pm-2", join(validated, "--threads", "1")).expect(0);

    assertThat(resumed.state()).isEqualTo(undisturbed.state());
    assertThat(undisturbed.events("validated")).hasSize(3);
    assertThat(undisturbed.events("validated").getFirst().path("best").asBoolean()).isTrue();
    double best =
        undisturbed.events("validated").stream()
            .mapToDouble(event -> event.path("accuracy").asDouble())
            .max()
            .orElseThrow();
    assertThat(best).isGreaterThan(.9);
    Plinius.Run tested = run("test", cfg, "pm-2", join(small, "--best")).expect(0);
    assertThat(tested.event("tested").path("accuracy").asDouble()).isEqualTo(best);

    Path answer = folder.resolve("answer");
    List<JsonNode> predictions =
        run("predict", cfg, "pm-2", join(small, "--best", "--out", answer))
            .expect(0)
            .events("prediction");
    assertThat(predictions).hasSize(300);
    long right =
        predictions.stream()
            .filter(p -> p.path("top").get(0).path("class").asInt() == p.path("sample").asInt() % 3)
            .count();
    assertThat(right).isEqualTo(Math.round(best * 300));
    assertThat(Files.size(answer)).isEqualTo(64 + 4 + (4 + 300 * 10 * 4) + 16);
    assertThat(run("detect", cfg, "pm-2", small).expect(65).reason()).contains("scenes");
  }

  @Test
  @Tag("long")
  void the_papers_network_trains_on_augmented_digits_exactly() throws IOException {
    Path images = folder.resolve("images");
    Path labels = folder.resolve("labels");
    new DrawnDigits(11).write(images, labels, 64);
    Path cfg = Plinius.root().resolve("examples/mnist/mnist-12.cfg");
    Path data = seal("digits.sealed", "--images", images, "--labels", labels);
    Object[] small = {"--data", data, "--set", "batch=8", "--iterations", "8"};
    Object[] augmented =
        join(small, "--set", "angle=10", "--set", "aspect=.8", "--set", "max_crop=32");

    String undisturbed = run("train", cfg, "pm-1", augmented).expect(0).state();
    run("train", cfg, "pm-2", join(augmented, "--kill-at", "iteration:5")).expect(STOPPED);
    Plinius.Run resumed = run("train", cfg, "pm-2", join(augmented, "--threads", "1")).expect(0);

    assertThat(resumed.state()).isEqualTo(undisturbed);
  }

  @Test
  void a_recurrent_network_learns_a_text_exactly_across_a_kill() throws IOException {
    String text = "the cat sat on the mat and the dog sat on the log. ".repeat(40);
    Path cfg = Plinius.root().resolve("examples/text/small-gru.cfg");
    Path data = seal("text.sealed", "--text", Files.writeString(folder.resolve("text"), text));
    Object[] learn = {"--data", data, "--valid", data, "--valid-every", "12", "--iterations", "24"};

    Plinius.Run undisturbed = run("train", cfg, "pm-1", learn).expect(0);
    run("train", cfg, "pm-2", join(learn, "--kill-at", "mirror-out:14")).expect(STOPPED);
    Plinius.Run resumed = run("train", cfg, "pm-2", join(learn, "--threads", "1")).expect(0);

    assertThat(resumed.state()).isEqualTo(undisturbed.state());
    List<JsonNode> validated = undisturbed.events("validated");
    double first = validated.getFirst().path("bitsPerCharacter").asDouble();
    double last = validated.getLast().path("bitsPerCharacter").asDouble();
    assertThat(validated).hasSize(2);
    assertThat(last).isLessThan(first).isLessThan(4); // unknown, a character has 8 bits
    assertThat(resumed.events("validated").getLast()).isEqualTo(validated.getLast());
  }

  @Test
  void a_network_learns_a_text_and_writes_on_from_a_prompt() throws IOException {
    String text = "the cat sat on the mat and the dog sat on the log. ".repeat(200);
    Path file = Files.writeString(folder.resolve("text"), text);
    Path cfg = Plinius.root().resolve("examples/text/next-character.cfg");
    Path data = seal("text.sealed", "--text", file);

    Object[] short100 = {"--set", "max_batches=100"};
    Object[] learn = {"--data", data, "--valid", data, "--valid-every", "5"};
    List<JsonNode> validated =
        run("train", cfg, "pm", join(learn, short100)).expect(0).events("validated");
    assertThat(validated).hasSize(20);
    // Unknown, a character has 8 bits; from the one before it, these have about 1.2.
    assertThat(validated.getFirst().path("bitsPerCharacter").asDouble()).isGreaterThan(3);
    assertThat(validated.getLast().path("bitsPerCharacter").asDouble()).isLessThan(1.6);

    Plinius.Run written =
        run("generate", cfg, "pm", join(short100, "--prompt", "the c", "--length", "80")).expect(0);
    String line = written.out().lines().filter(l -> !l.startsWith("{")).reduce("", (a, b) -> b);
    assertThat(line.getBytes(StandardCharsets.UTF_8)).hasSize(80);
    assertThat(text).contains(line.chars().mapToObj(Character::toString).distinct().toList());
    assertThat(
            run("generate", cfg, "pm", join(short100, "--prompt", "the c", "--length", "80")).out())
        .contains(line);
  }
}
