package plinius.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import plinius.romulus.Extent;

/** Darknet's files on both sides: .weights out of pools and into them, sloppy .cfg files. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WeightsTest {
  private static final int BAD_INPUT = 65;
  private static final int TAMPERED = 71;
  private static final int HEADER = 20;
  private static final int SEEN_AT = 12;

  private World world;
  private Path trained;
  private Path early; // the same pool, two iterations before
  private Path exported;

  @BeforeAll
  void train_and_export() {
    world = World.make();
    trained = world.newPm();
    world.train(trained, "--iterations", 3, "--valid", world.test()).expect(0);
    early = world.copyOf(trained);
    world.train(trained, "--iterations", 5).expect(0);
    exported = world.file("exported.weights");
    export(trained, exported).expect(0);
  }

  @AfterAll
  void clean_up() {
    if (world != null) {
      world.close();
    }
  }

  private Plinius.Run export(Path pm, Path out, Object... more) {
    return weights("export", pm, more, "--out", out);
  }

  private Plinius.Run begin(Path pm, Path file, Object... more) {
    return weights("import", pm, more, file, "--data", world.train());
  }

  private Plinius.Run weights(String verb, Path pm, Object[] more, Object... arguments) {
    Object[] base = {"weights", verb, world.cfg(), "--key", world.key(), "--pm", pm, "--json"};
    Object[] all = Arrays.copyOf(base, base.length + arguments.length + more.length);
    System.arraycopy(arguments, 0, all, base.length, arguments.length);
    System.arraycopy(more, 0, all, base.length + arguments.length, more.length);
    return world.plinius().run(all);
  }

  private static long seen(byte[] file) {
    return ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong(SEEN_AT);
  }

  private static byte[] values(byte[] file) {
    return Arrays.copyOfRange(file, HEADER, file.length);
  }

  @Test
  void an_exported_model_begins_other_jobs_which_train_from_it_to_one_state() throws IOException {
    Path one = world.newPm();
    Path two = world.newPm();
    String state = begin(one, exported).expect(0).event("import").path("state").asText();
    assertThat(begin(two, exported).expect(0).event("import").path("state").asText())
        .isEqualTo(state);

    byte[] before = Files.readAllBytes(exported);
    byte[] again = Files.readAllBytes(exportedAgain(one));
    assertThat(seen(before)).isEqualTo(5 * World.BATCH);
    assertThat(seen(again)).isZero();
    assertThat(values(again)).isEqualTo(values(before));

    Plinius.Run first = world.train(one, "--iterations", 2).expect(0);
    assertThat(first.event("resume").path("iteration").asInt()).isZero();
    assertThat(world.train(two, "--iterations", 2, "--threads", 1).expect(0).state())
        .isEqualTo(first.state());
  }

  private Path exportedAgain(Path pm) {
    Path file = world.file("again.weights");
    export(pm, file).expect(0);
    return file;
  }

  @Test
  void the_count_of_images_is_kept_on_request() {
    Path pm = world.newPm();

    assertThat(begin(pm, exported, "--keep-seen").expect(0).event("import").path("iteration"))
        .hasToString("5");
    assertThat(world.train(pm, "--iterations", 6).expect(0).event("resume").path("iteration"))
        .hasToString("5");
  }

  @Test
  void nothing_else_is_taken_for_an_imported_pool() throws IOException {
    Path pm = world.newPm();
    begin(pm, exported, "--job", "begun").expect(0);
    Path pool = pm.resolve("model.pm");
    Path aside = world.file("aside.pm");

    assertThat(begin(pm, exported).expect(BAD_INPUT).err()).contains("exists");
    Files.move(pool, aside);
    assertThat(world.train(pm, "--job", "begun", "--iterations", 1).expect(TAMPERED).out())
        .contains("the broker knows of mirror 1");
    Files.deleteIfExists(pool);
    Files.copy(trained.resolve("model.pm"), pool);
    world.train(pm, "--job", "begun", "--iterations", 1).expect(BAD_INPUT);
    Files.delete(pool);
    Files.move(aside, pool);
    world.train(pm, "--job", "begun", "--iterations", 1).expect(0);
  }

  @Test
  void the_best_model_can_be_exported_and_so_can_the_first_layers() throws IOException {
    Path best = world.file("best.weights");
    Path part = world.file("part.weights");

    assertThat(export(trained, best, "--best").expect(0).event("export").path("iteration"))
        .hasToString("3");
    export(trained, part, "--upto", 3).expect(0);

    byte[] whole = Files.readAllBytes(exported);
    assertThat(Files.readAllBytes(best)).hasSameSizeAs(whole).isNotEqualTo(whole);
    byte[] some = Files.readAllBytes(part);
    assertThat(some).isEqualTo(Arrays.copyOf(whole, some.length));
    assertThat(world.plinius().run("weights", "info", world.cfg(), part, "--upto", 3).exitCode())
        .isZero();
    assertThat(world.plinius().run("weights", "info", world.cfg(), part).expect(BAD_INPUT).err())
        .contains("ends inside layer 3");
  }

  @Test
  void another_key_another_network_an_older_pool_and_a_changed_one_are_not_exported()
      throws IOException {
    Path out = world.file("never.weights");
    Path other = world.file("other.key");
    world.plinius().run("key", "new", other).expect(0);

    assertThat(export(early, out).expect(TAMPERED).err()).contains("an older pool");
    assertThat(export(trained, out, "--set", "momentum=0.5").expect(BAD_INPUT).err())
        .contains("momentum=0.5, but the mirrored model has momentum=0.9");
    Object[] foreign = {"weights", "export", world.cfg(), "--key", other, "--pm", trained};
    Object[] all = Arrays.copyOf(foreign, foreign.length + 2);
    all[foreign.length] = "--out";
    all[foreign.length + 1] = out;
    assertThat(world.plinius().run(all).expect(BAD_INPUT).err()).contains("key with id");

    Path copy = world.copyOf(trained);
    Extent any = MirrorPlaces.in(copy).tensors().getFirst();
    Bits.flip(copy.resolve("model.pm"), any.offset() + any.bytes() / 2, 3);
    export(copy, out).expect(TAMPERED);
    assertThat(out).doesNotExist();
  }

  @Test
  void a_file_that_only_the_original_understands_means_the_same_job() throws IOException {
    Path sloppy = world.file("sloppy.cfg");
    Files.writeString(
        sloppy,
        Files.readString(world.cfg())
            .replace("momentum=0.9", "momentum=0.9 # heavy\nseen=0")
            .replace("probability=0.3", "probability=0.3\nprobability=0.9"));
    Path pm = world.newPm();
    Object[] begin = {
      "train",
      sloppy,
      "--data",
      world.train(),
      "--key",
      world.key(),
      "--pm",
      pm,
      "--json",
      "--iterations",
      1,
      "--lenient"
    };

    assertThat(world.plinius().run(Arrays.copyOf(begin, begin.length - 1)).expect(BAD_INPUT).err())
        .contains("sloppy.cfg:")
        .contains("comment needs a line of its own");
    Plinius.Run run = world.plinius().run(begin).expect(0);
    assertThat(run.err()).contains("unknown key 'seen'").contains("'probability'");
    assertThat(world.train(pm, "--iterations", 2).expect(0).event("resume").path("iteration"))
        .hasToString("1");
  }
}
