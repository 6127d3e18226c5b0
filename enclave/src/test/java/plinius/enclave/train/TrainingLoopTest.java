package plinius.enclave.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static plinius.enclave.train.SmallJob.memory;

import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.boundary.Bytes;
import plinius.boundary.EnclaveMessage;
import plinius.boundary.EnclaveMessage.Done;
import plinius.boundary.EnclaveMessage.IterationDone;
import plinius.boundary.EnclaveMessage.Metric;
import plinius.boundary.EnclaveMessage.Phase;
import plinius.boundary.EnclaveMessage.PhaseBegan;
import plinius.boundary.EnclaveMessage.Score;
import plinius.boundary.EnclaveMessage.Stopped;
import plinius.boundary.EnclaveMessage.Validated;
import plinius.enclave.EnclaveException;
import plinius.enclave.mirror.MirrorTerms;
import plinius.enclave.mirror.MirroredTensor;
import plinius.enclave.mirror.Progress;
import plinius.pmem.PersistentMemory;
import plinius.romulus.Pool;
import plinius.romulus.Protocol;
import plinius.testkit.Granularity;
import plinius.testkit.SimulatedMemory;

class TrainingLoopTest {
  @TempDir Path directory;
  private SmallJob job;
  private SimulatedMemory bestMemory = memory();

  @BeforeEach
  void seal() throws NoSuchAlgorithmException {
    job = new SmallJob(directory);
  }

  /** One life of an enclave over this memory. */
  private List<EnclaveMessage> run(
      PersistentMemory memory,
      Map<String, String> settings,
      int threads,
      TrainingLoop.Schedule schedule,
      BooleanSupplier stop) {
    List<EnclaveMessage> said = new ArrayList<>();
    job.live(
        memory,
        new SmallJob.Life(
            settings,
            threads,
            Protocol.PING_PONG,
            schedule,
            stop,
            said::add,
            Optional.empty(),
            Optional.of(bestMemory)));
    return said;
  }

  private List<EnclaveMessage> run(PersistentMemory memory, int target, int every, int threads) {
    bestMemory = memory();
    return run(memory, Map.of(), threads, new TrainingLoop.Schedule(target, every, 0), () -> false);
  }

  private static Bytes state(List<EnclaveMessage> said) {
    return switch (said.getLast()) {
      case Done done -> done.state();
      case Stopped stopped -> stopped.state();
      default -> throw new AssertionError("it ended with " + said.getLast());
    };
  }

  @Test
  void the_state_is_the_same_undisturbed_resumed_and_with_other_threads_and_mirrors() {
    Bytes undisturbed = state(run(memory(), 12, 1, 1));

    assertThat(state(run(memory(), 12, 1, 2))).isEqualTo(undisturbed);
    assertThat(state(run(memory(), 12, 5, 1))).isEqualTo(undisturbed);
    SimulatedMemory interrupted = memory();
    for (int target : new int[] {1, 4, 7}) {
      assertThat(state(run(interrupted, target, 3, 2))).isNotEqualTo(undisturbed);
    }
    assertThat(state(run(interrupted, 12, 1, 1))).isEqualTo(undisturbed);
  }

  @Test
  void an_iteration_lost_between_two_mirrors_is_computed_again_alike() {
    Bytes undisturbed = state(run(memory(), 12, 1, 1));
    SimulatedMemory memory = memory();
    List<byte[]> images = new ArrayList<>();
    run(
        memory,
        Map.of(),
        1,
        new TrainingLoop.Schedule(12, 5, 0),
        () -> {
          images.add(memory.visible());
          return false;
        });

    for (int at : new int[] {9, 12}) {
      SimulatedMemory crashed = SimulatedMemory.of(images.get(at), Granularity.LINE);
      assertThat(state(run(crashed, 12, 1, 1))).isEqualTo(undisturbed);
    }
  }

  @Test
  void an_iteration_is_reported_after_its_mirror_and_the_last_is_always_mirrored() {
    SimulatedMemory memory = memory();

    List<EnclaveMessage> said = run(memory, 3, 2, 1);

    assertThat(said.stream().map(m -> m.getClass().getSimpleName()))
        .containsExactly(
            "IterationDone",
            "PhaseBegan",
            "IterationDone",
            "PhaseBegan",
            "IterationDone",
            "Validated",
            "Done");
    assertThat(said.stream().filter(IterationDone.class::isInstance).map(m -> (IterationDone) m))
        .extracting(IterationDone::mirrored)
        .containsExactly(false, true, true);
  }

  @Test
  void a_resumed_pool_recovers_before_its_first_mirror() {
    SimulatedMemory memory = memory();
    run(memory, 3, 1, 1);

    List<EnclaveMessage> said = run(memory, 4, 1, 1);

    assertThat(said.subList(0, 2))
        .containsExactly(new PhaseBegan(Phase.RECOVERY, 4), new PhaseBegan(Phase.MIRROR_OUT, 4));
  }

  @Test
  void a_stop_finishes_the_iteration_and_mirrors_it() {
    SimulatedMemory memory = memory();
    int[] asked = {0};

    List<EnclaveMessage> said =
        run(memory, Map.of(), 1, new TrainingLoop.Schedule(12, 100, 0), () -> ++asked[0] > 5);

    Stopped stopped = (Stopped) said.getLast();
    assertThat(stopped.iteration()).isBetween(1, 11);
    assertThat(state(run(memory, stopped.iteration(), 1, 1))).isEqualTo(stopped.state());
  }

  @Test
  void training_that_diverges_keeps_the_last_mirror() {
    SimulatedMemory memory = memory();
    Map<String, String> wild = Map.of("learning_rate", "1e30");

    assertThatThrownBy(() -> run(memory, wild, 1, new TrainingLoop.Schedule(12, 1, 0), () -> false))
        .isInstanceOf(EnclaveException.Diverged.class)
        .hasMessageContaining("learning_rate");

    int[] asked = {0};
    List<EnclaveMessage> said =
        run(memory, wild, 1, new TrainingLoop.Schedule(12, 1, 0), () -> asked[0]++ == 0);
    assertThat(said.getLast()).isInstanceOf(Stopped.class);
  }

  @Test
  void validation_comes_when_it_is_due_and_changes_nothing() {
    Bytes undisturbed = state(run(memory(), 12, 1, 1));

    List<EnclaveMessage> said =
        run(memory(), Map.of(), 1, new TrainingLoop.Schedule(12, 1, 5), () -> false);

    assertThat(said.stream().filter(Validated.class::isInstance).map(m -> (Validated) m))
        .extracting(Validated::iteration)
        .containsExactly(5, 10, 12);
    assertThat(state(said)).isEqualTo(undisturbed);
  }

  @Test
  void augmented_training_is_the_same_undisturbed_resumed_and_with_other_threads() {
    Map<String, String> augmented =
        Map.of("angle", "20", "aspect", ".75", "min_crop", "5", "max_crop", "8", "exposure", ".5");
    Bytes undisturbed = state(run(memory(), augmented, 1, schedule(12, 1), () -> false));

    assertThat(undisturbed).isNotEqualTo(state(run(memory(), 12, 1, 1)));
    bestMemory = memory();
    SimulatedMemory interrupted = memory();
    for (int target : new int[] {1, 4, 7, 12}) {
      List<EnclaveMessage> said = run(interrupted, augmented, 2, schedule(target, 3), () -> false);
      assertThat(state(said).equals(undisturbed)).isEqualTo(target == 12);
      bestMemory = memory();
    }
  }

  private static TrainingLoop.Schedule schedule(int target, int every) {
    return new TrainingLoop.Schedule(target, every, 0);
  }

  @Test
  void the_best_validated_model_is_kept_across_lives_and_a_worse_one_is_not() {
    TrainingLoop.Schedule every = new TrainingLoop.Schedule(12, 1, 1);
    List<Validated> undisturbed = validated(run(memory(), Map.of(), 1, every, () -> false));
    assertThat(undisturbed).hasSize(12).anyMatch(Validated::best).anyMatch(v -> !v.best());
    double best = 0;
    for (Validated validated : undisturbed) {
      assertThat(validated.best()).isEqualTo(validated.score().value() > best);
      best = Math.max(best, validated.score().value());
    }

    bestMemory = memory();
    SimulatedMemory memory = memory();
    List<Validated> pieces = new ArrayList<>();
    for (int stop = 0; stop < 12; stop += 5) {
      int[] left = {5 + stop};
      pieces.addAll(validated(run(memory, Map.of(), 1, every, () -> left[0]-- <= 0)));
    }
    // What was validated twice, after a stop, is not better than itself.
    assertThat(pieces).containsAll(undisturbed);
    assertThat(pieces.stream().filter(Validated::best))
        .containsExactlyElementsOf(undisturbed.stream().filter(Validated::best).toList());
  }

  private static List<Validated> validated(List<EnclaveMessage> said) {
    return said.stream().filter(Validated.class::isInstance).map(m -> (Validated) m).toList();
  }

  @Test
  void a_model_that_diverged_between_two_mirrors_is_not_kept_as_the_best() {
    Map<String, String> wild = Map.of("learning_rate", "3e38", "decay", "1");
    TrainingLoop.Schedule seldomMirrored = new TrainingLoop.Schedule(12, 100, 1);

    assertThatThrownBy(() -> run(memory(), wild, 1, seldomMirrored, () -> false))
        .isInstanceOf(EnclaveException.Diverged.class)
        .hasMessageContaining("iteration 1: a parameter");

    assertThat(Pool.open(bestMemory).info().roots()).isEmpty();
  }

  @Test
  void a_score_that_is_not_a_number_is_never_the_best_and_is_beaten_by_any_other() {
    float[] weights = {1, 2};
    List<MirroredTensor> model =
        List.of(new MirroredTensor("weights", new int[] {2}, weights, 0, 2));
    MirrorTerms terms =
        new MirrorTerms(
            job.grant.job(),
            job.grant.ownerKeyId(),
            job.grant.jobKey(),
            1,
            SmallJob.CFG,
            1,
            "plan",
            8,
            false,
            job.grant.digestKey());
    try (BestModel best =
        new BestModel(model, all -> SmallJob.mirror(bestMemory, Protocol.PING_PONG, terms, all))) {
      assertThat(best.keep(score(Double.NaN), new Progress(2, 16, 0.5))).isFalse();
      assertThat(best.keep(score(Double.POSITIVE_INFINITY), new Progress(2, 16, 0.5))).isFalse();
      assertThat(best.keep(score(0.25), new Progress(3, 24, 0.5))).isTrue();
      assertThat(best.keep(score(Double.NaN), new Progress(4, 32, 0.5))).isFalse();
      assertThat(best.keep(score(0.5), new Progress(5, 40, 0.5))).isTrue();
    }
  }

  private static Score score(double value) {
    return new Score(Metric.ACCURACY, 4, 0, value);
  }
}
