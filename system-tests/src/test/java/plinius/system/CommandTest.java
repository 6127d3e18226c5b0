package plinius.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the options promise, and what users read and get for an exit code when they err. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CommandTest {
  private static final int USAGE = 64;
  private static final int BAD_INPUT = 65;
  private static final int OUT_OF_REACH = 69;
  private static final int FULL = 73;
  private static final int DIVERGED = 76;

  private World world;
  private Path trained;
  private String state;

  @BeforeAll
  void train_a_little() {
    world = World.make();
    trained = world.newPm();
    state = world.train(trained, "--job", "mine", "--iterations", 6).expect(0).state();
  }

  @AfterAll
  void clean_up() {
    if (world != null) {
      world.close();
    }
  }

  // ---------------------------------------------------------------- who gives the keys

  @Test
  void an_owner_elsewhere_gives_the_same_state_and_is_believed_by_its_pin() throws Exception {
    Plinius.Running broker =
        world
            .plinius()
            .start(
                "broker",
                "--key",
                world.key(),
                "--cfg",
                world.cfg(),
                "--data",
                world.train(),
                "--job",
                "afar");
    try {
      broker.awaitOutput("pin ");
      String said = Files.readString(broker.out());
      Plinius.Run run = trainWith(said, world.newPm()).expect(0);
      assertThat(run.state()).isEqualTo(state);
      assertThat(run.event("start").path("job").asText()).isEqualTo(word(said, "job"));

      String another = said.replace(word(said, "pin"), "0".repeat(64));
      assertThat(trainWith(another, world.newPm()).expect(OUT_OF_REACH).reason()).contains("pin");
    } finally {
      broker.process().destroyForcibly();
    }
  }

  @Test
  void a_broker_that_is_not_there_is_named() {
    String nobody = "job " + "0".repeat(32) + "\nbroker https://127.0.0.1:1\npin " + "0".repeat(64);

    assertThat(trainWith(nobody, world.newPm()).expect(OUT_OF_REACH).reason())
        .contains("127.0.0.1:1");
  }

  private Plinius.Run trainWith(String said, Path pm) {
    return world
        .plinius()
        .run(
            "train",
            world.cfg(),
            "--data",
            world.train(),
            "--broker",
            word(said, "broker"),
            "--broker-pin",
            word(said, "pin"),
            "--job",
            word(said, "job"),
            "--iterations",
            6,
            "--pm",
            pm,
            "--json");
  }

  static String word(String said, String after) {
    Matcher line = Pattern.compile("(?m)^" + after + "\\s+(\\S+)$").matcher(said);
    assertThat(line.find()).as("%s in %s", after, said).isTrue();
    return line.group(1);
  }

  // ---------------------------------------------------------------- jobs and pools

  @Test
  void fresh_starts_a_new_job_and_keeps_the_old_pool() {
    Path pm = world.copyOf(trained);
    String before = Bits.sha256(pm.resolve("model.pm"));

    Plinius.Run run = world.train(pm, "--fresh", "--yes", "--iterations", 6).expect(0);

    assertThat(run.event("start").path("iteration").asInt()).isZero();
    assertThat(run.state()).isEqualTo(state);
    assertThat(Bits.sha256(pm.resolve("model.pm.old-1"))).isEqualTo(before);
  }

  @Test
  void fresh_without_anybody_to_ask_changes_nothing() {
    Path pm = world.copyOf(trained);
    String before = Bits.sha256(pm.resolve("model.pm"));

    assertThat(world.train(pm, "--fresh").expect(USAGE).reason()).contains("--yes");
    assertThat(world.train(pm, "--fresh", "--yes", "--job", "x").expect(USAGE).reason())
        .contains("--job");
    assertThat(Bits.sha256(pm.resolve("model.pm"))).isEqualTo(before);
  }

  @Test
  void a_named_job_goes_on_under_its_name_only() {
    Path pm = world.copyOf(trained);

    assertThat(world.train(pm, "--job", "yours", "--iterations", 6).expect(BAD_INPUT).reason())
        .contains("mine", "yours");
    assertThat(world.train(pm, "--job", "mine", "--iterations", 6).expect(0).state())
        .isEqualTo(state);
  }

  @Test
  void a_model_without_the_brokers_record_goes_on_and_says_what_was_lost() throws Exception {
    Path pm = world.copyOf(trained);
    Path key = world.file("moved.key");
    Files.copy(world.key(), key);

    Plinius.Run run =
        world
            .plinius()
            .run(
                "train",
                world.cfg(),
                "--data",
                world.train(),
                "--key",
                key,
                "--pm",
                pm,
                "--iterations",
                7,
                "--json")
            .expect(0);

    assertThat(run.event("resume").path("iteration").asInt()).isEqualTo(6);
    assertThat(run.err()).contains("record of job", "is lost");
  }

  @Test
  void a_pool_too_small_for_two_models_is_refused_before_it_is_made() {
    Path pm = world.newPm();

    assertThat(world.train(pm, "--pool-size", "64K").expect(FULL).reason()).contains("--pool-size");
    assertThat(pm.resolve("model.pm")).doesNotExist();
  }

  /** By instructions and by the system; which instruction is a longer test. */
  @ParameterizedTest
  @ValueSource(strings = {"clflush", "msync"})
  void another_way_of_writing_back_gives_the_same_state(String how) {
    Plinius.Run run = world.train(world.newPm(), "--write-back", how, "--iterations", 6);

    assertThat(run.exitCode()).as(how + run.err()).isIn(0, FULL);
    if (run.exitCode() == 0) {
      assertThat(run.state()).as(how).isEqualTo(state);
      assertThat(run.event("start").path("pool").asText()).contains("by " + how);
    } else {
      assertThat(run.reason()).as("why not %s", how).contains(how);
    }
  }

  @ParameterizedTest
  @Tag("long")
  @ValueSource(strings = {"clwb", "clflushopt"})
  void each_instruction_that_writes_back_gives_the_same_state(String how) {
    another_way_of_writing_back_gives_the_same_state(how);
  }

  // ---------------------------------------------------------------- training

  @Test
  void validation_comes_as_often_as_asked_and_changes_nothing() {
    Plinius.Run run =
        world
            .train(world.newPm(), "--valid", world.test(), "--valid-every", 4, "--iterations", 6)
            .expect(0);

    assertThat(run.events("validated").stream().map(e -> e.path("iteration").asInt()))
        .containsExactly(4, 6);
    assertThat(run.events("validated").getFirst().path("images").asInt()).isEqualTo(300);
    assertThat(run.state()).isEqualTo(state);
  }

  @Test
  void a_model_that_diverges_stops_and_the_last_finite_mirror_is_kept() {
    Path pm = world.newPm();

    Plinius.Run run = world.train(pm, "--set", "learning_rate=1e30").expect(DIVERGED);

    assertThat(run.reason()).contains("diverged", "learning_rate");
    Plinius.Run again = world.train(pm, "--set", "learning_rate=1e30").expect(DIVERGED);
    assertThat(again.events("done")).isEmpty();
  }

  @Test
  void the_trained_model_is_tested_and_the_pool_is_not_written() {
    Path pm = world.copyOf(trained);
    String before = Bits.sha256(pm.resolve("model.pm"));

    Plinius.Run run = world.test(pm).expect(0);

    assertThat(run.event("tested").path("images").asInt()).isEqualTo(300);
    assertThat(run.event("tested").path("correct").asInt()).isBetween(0, 300);
    assertThat(Bits.sha256(pm.resolve("model.pm"))).isEqualTo(before);
  }

  // ---------------------------------------------------------------- mistakes

  @Test
  void a_key_is_never_overwritten() {
    String before = Bits.sha256(world.key());

    Plinius.Run run = world.plinius().run("key", "new", world.key());

    assertThat(run.expect(BAD_INPUT).err()).contains("owner.key");
    assertThat(Bits.sha256(world.key())).isEqualTo(before);
  }

  @Test
  void an_unknown_key_in_the_cfg_names_file_line_and_what_is_known() throws Exception {
    Path cfg = world.file("typing.cfg");
    Files.writeString(
        cfg, Files.readString(world.cfg()).replaceFirst("momentum=0.9", "momentun=0.9"));

    Plinius.Run run =
        world
            .plinius()
            .run(
                "train",
                cfg,
                "--data",
                world.train(),
                "--key",
                world.key(),
                "--pm",
                world.newPm(),
                "--json")
            .expect(BAD_INPUT);

    assertThat(run.reason()).contains("typing.cfg:8:", "'momentun'", "'momentum'");
  }

  @Test
  void files_that_are_not_there_are_named() {
    Path nothing = world.file("nothing");

    assertThat(
            world
                .plinius()
                .run(
                    "train",
                    world.cfg(),
                    "--data",
                    nothing,
                    "--key",
                    world.key(),
                    "--pm",
                    world.newPm(),
                    "--json")
                .expect(BAD_INPUT)
                .reason())
        .contains("nothing");
    assertThat(world.plinius().run("pm", "info", nothing).expect(BAD_INPUT).err())
        .contains("nothing");
    assertThat(world.plinius().run("data", "info", nothing).expect(BAD_INPUT).err())
        .contains("nothing");
    assertThat(world.plinius().run("train").expect(USAGE).err()).contains("--data", "--pm");
    assertThat(world.plinius().run("trian").expect(USAGE).err()).contains("train");
  }
}
