package plinius.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import plinius.kernel.Kernels;

/**
 * A job whose model another version's kernels computed: its owner alone may let it go on. The other
 * version is made up by mirroring a real pool's state once more under its plan, so that the bits,
 * too, can be compared: only the name of what computed them is another.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReplanTest {
  private static final int USAGE = 64;
  private static final int BAD_INPUT = 65;
  private static final int OTHER = Kernels.VERSION - 1;

  private World first;
  private World world; // a copy for each test: their owners say different things
  private Path pm; // its newest mirror says that other kernels computed iterations 1 to 3
  private String undisturbed;

  @BeforeAll
  void make() {
    first = World.make();
    pm = first.newPm();
    first.train(pm, "--iterations", 3, "--job", "upgraded").expect(0);
    try (World other = first.copy()) {
      undisturbed = other.train(of(other), "--iterations", 6).expect(0).state();
    }
    PlainState.mirrorByKernels(first, pm, OTHER);
  }

  @BeforeEach
  void copy() {
    world = first.copy();
    pm = of(world);
  }

  @AfterEach
  void close_the_copy() {
    world.close();
  }

  @AfterAll
  void clean_up() {
    if (first != null) {
      first.close();
    }
  }

  private Path of(World world) {
    return world.file(pm.getFileName().toString());
  }

  @Test
  void the_model_is_refused_by_name_and_left_as_it_was() {
    String before = Bits.sha256(pm.resolve("model.pm"));

    Plinius.Run train = world.train(pm, "--iterations", 6).expect(BAD_INPUT);
    Plinius.Run test = world.test(pm).expect(BAD_INPUT);

    for (Plinius.Run run : new Plinius.Run[] {train, test}) {
      assertThat(run.reason())
          .contains("kernels " + OTHER, "kernels " + Kernels.VERSION, "--replan");
      assertThat(run.events("replan")).isEmpty();
    }
    assertThat(Bits.sha256(pm.resolve("model.pm"))).isEqualTo(before);
    // Who exports computes nothing.
    world
        .plinius()
        .run("weights", "export", world.cfg(), "--key", world.key(), "--pm", pm, "--out", out())
        .expect(0);
  }

  @Test
  void by_its_owners_word_it_goes_on_says_so_and_its_next_mirror_has_the_new_plan() {
    // Nothing is left to train, so nothing is mirrored: the word stands until it was needed.
    replanned(world.train(pm, "--iterations", 3, "--replan").expect(0), 3);
    replanned(world.test(pm).expect(0), 3);
    replanned(world.train(pm, "--iterations", 5).expect(0), 3);
    verb("replan", "--job", "upgraded", "--kernels", 0).expect(0);

    Plinius.Run last = world.train(pm, "--iterations", 6).expect(0);
    assertThat(last.events("replan")).isEmpty();
    assertThat(last.event("resume").path("iteration").asInt()).isEqualTo(5);
    assertThat(last.state()).as("here both kernels are the same").isEqualTo(undisturbed);
    assertThat(verb("log", "--json").expect(0).out())
        .contains("\"kernels\":" + Kernels.VERSION, "\"kernels\":0");
  }

  @Test
  void the_word_for_these_kernels_is_none_for_others() {
    verb("replan", "--job", "upgraded", "--kernels", Kernels.VERSION + 1).expect(0);

    world.train(pm, "--iterations", 6).expect(BAD_INPUT);
  }

  @Test
  void a_new_job_and_an_operator_have_no_word_to_say() {
    Path none = world.newPm();
    assertThat(world.train(none, "--replan").expect(BAD_INPUT).reason())
        .contains("leave --replan out");
    assertThat(none).doesNotExist();
    Plinius.Run elsewhere = world.trainElsewhere(none, "--replan").expect(USAGE);
    assertThat(elsewhere.reason()).contains("owner's choice", "plinius broker replan");
  }

  private void replanned(Plinius.Run run, int iteration) {
    JsonNode event = run.event("replan");
    assertThat(event.path("iteration").asInt()).isEqualTo(iteration);
    assertThat(event.path("before").asText()).isEqualTo(PlainState.plan(OTHER));
    assertThat(event.path("plan").asText()).startsWith("kernels " + Kernels.VERSION + ", ");
  }

  private Plinius.Run verb(Object... arguments) {
    Object[] command = new Object[3 + arguments.length];
    System.arraycopy(new Object[] {"broker", "--key", world.key()}, 0, command, 0, 3);
    System.arraycopy(arguments, 0, command, 3, arguments.length);
    return world.plinius().run(command);
  }

  private Path out() {
    return world.file("exported.weights");
  }
}
