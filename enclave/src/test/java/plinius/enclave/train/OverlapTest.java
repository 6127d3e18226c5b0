package plinius.enclave.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static plinius.enclave.train.SmallJob.memory;

import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.attestation.AttestationException;
import plinius.boundary.Bytes;
import plinius.boundary.EnclaveMessage;
import plinius.boundary.EnclaveMessage.Done;
import plinius.boundary.EnclaveMessage.IterationDone;
import plinius.boundary.EnclaveMessage.PhaseBegan;
import plinius.boundary.EnclaveMessage.Stopped;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.CfgFile;
import plinius.enclave.EnclaveException;
import plinius.enclave.mirror.MirrorTerms;
import plinius.enclave.mirror.MirroredTensor;
import plinius.enclave.mirror.ModelMirror;
import plinius.enclave.mirror.Progress;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;
import plinius.pmem.PmemException;
import plinius.romulus.Protocol;
import plinius.testkit.CrashTester;
import plinius.testkit.Granularity;
import plinius.testkit.SimulatedMemory;
import plinius.testkit.Tearing;

/** What goes on beside the next iteration is neither lost, nor told too early, nor seen in it. */
class OverlapTest {
  private static final int TARGET = 12;

  @TempDir Path directory;
  private SmallJob job;

  /** Filled by two threads, one after the other. */
  private final List<EnclaveMessage> said = Collections.synchronizedList(new ArrayList<>());

  @BeforeEach
  void seal() throws NoSuchAlgorithmException {
    job = new SmallJob(directory);
  }

  private SmallJob.Life life(int target, int every) {
    return new SmallJob.Life(1, target, every, said::add);
  }

  private Bytes state() {
    return ((Done) said.getLast()).state();
  }

  /** The state after so many iterations, each of which began when the last one's mirror was out. */
  private Bytes stepByStep(int target) {
    SimulatedMemory memory = memory();
    for (int i = 1; i <= target; i++) {
      job.live(memory, life(i, 1));
    }
    return state();
  }

  private List<Integer> told() {
    return said.stream()
        .filter(IterationDone.class::isInstance)
        .map(message -> ((IterationDone) message).iteration())
        .toList();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).as("the other thread came").isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertEnds(Thread thread) throws InterruptedException {
    thread.join(20_000);
    assertThat(thread.isAlive()).isFalse();
  }

  // ---------------------------------------------------------------- exactness

  @ParameterizedTest
  @CsvSource({
    "PING_PONG, 1, 1", "PING_PONG, 2, 1", "PING_PONG, 1, 7", "PING_PONG, 2, 7",
    "ROMULUS, 1, 1", "ROMULUS, 2, 1", "ROMULUS, 1, 7", "ROMULUS, 2, 7"
  })
  void the_state_is_the_one_of_iterations_that_waited_for_their_mirrors(
      Protocol protocol, int threads, int every) {
    Bytes waited = stepByStep(TARGET);
    said.clear();
    SimulatedMemory memory = memory();

    job.live(memory, new SmallJob.Life(threads, TARGET, every, said::add).by(protocol));

    assertThat(state()).isEqualTo(waited);
    assertThat(told()).hasSize(TARGET).isSorted();
    // And the mirror is of this state, though the process ends here.
    said.clear();
    job.live(SimulatedMemory.of(memory.visible(), Granularity.LINE), life(TARGET, 1));
    assertThat(state()).isEqualTo(waited);
  }

  /**
   * A loss of power at any instant: what recovers is no older than what was told, and the very
   * state of its iteration, although the next one was changing the tensors meanwhile.
   */
  @ParameterizedTest
  @EnumSource(Protocol.class)
  void what_was_told_is_durable_and_nothing_of_the_next_iteration_is_in_it(Protocol protocol) {
    int target = 5;
    List<Bytes> states = new ArrayList<>();
    for (int i = 1; i <= target; i++) {
      job.live(memory(), life(i, 100));
      states.add(state());
    }
    CfgFile cfg = SmallJob.cfg(Map.of());
    Network network =
        Network.build(cfg, new NetworkOptions(Kernels.best(), new Workers(1), 1, true));
    List<MirroredTensor> tensors = SmallJob.tensors(network);
    MirrorTerms terms = job.terms(cfg, network);
    int bytes = Math.toIntExact(ModelMirror.poolBytes(tensors) + 4095) & -4096;
    SimulatedMemory first = new SimulatedMemory(bytes, Granularity.LINE);
    job.live(first, life(1, 1).by(protocol));
    SimulatedMemory memory = new SimulatedMemory(first.visible(), Granularity.LINE, Tearing.LINES);
    memory.mark(1);

    job.live(
        memory,
        new SmallJob.Life(
            1,
            target,
            1,
            message -> {
              if (message instanceof IterationDone done) {
                memory.mark(done.iteration());
              }
            }));

    int[] seen = new int[target + 1];
    new CrashTester(
            (image, _) -> {
              try (ModelMirror mirror = ModelMirror.open(image, terms, tensors)) {
                Progress progress = mirror.mirrorIn().orElseThrow();
                int iteration = (int) progress.iteration();
                assertThat(Bytes.of(mirror.stateDigest(progress)))
                    .as("the state of iteration %d", iteration)
                    .isEqualTo(states.get(iteration - 1));
                seen[iteration]++;
                return iteration;
              }
            })
        .limit(2)
        .instants(80)
        .test(memory.trace());
    assertThat(Arrays.stream(seen).filter(found -> found > 0).count())
        .as("different mirrors found by instants that chance chose")
        .isGreaterThan(2);
  }

  // ---------------------------------------------------------------- order, stop, failures

  @Test
  void the_next_iteration_begins_while_the_broker_is_asked_and_is_told_of_after_it() {
    CountDownLatch secondBegins = new CountDownLatch(1);
    AtomicInteger begun = new AtomicInteger();
    List<String> happened = Collections.synchronizedList(new ArrayList<>());

    job.live(
        memory(),
        new SmallJob.Life(
                1,
                2,
                1,
                message -> {
                  if (message instanceof IterationDone done) {
                    happened.add("told " + done.iteration());
                  }
                })
            .until(
                () -> {
                  // Asked before each iteration, and nowhere else where every one is mirrored.
                  if (begun.incrementAndGet() == 2) {
                    assertThat(happened).as("told while the broker is asked").isEmpty();
                    secondBegins.countDown();
                  }
                  return false;
                })
            .telling(
                mirror -> {
                  if (mirror.sequence() == 1) {
                    await(secondBegins);
                  }
                  happened.add("broker " + mirror.sequence());
                }));

    assertThat(happened).containsExactly("broker 1", "told 1", "broker 2", "told 2");
  }

  @Test
  void a_stop_while_a_mirror_is_under_way_finishes_the_iteration_and_mirrors_it() {
    AtomicBoolean mirroring = new AtomicBoolean();
    AtomicBoolean stop = new AtomicBoolean();
    CountDownLatch thirdBegins = new CountDownLatch(1);
    SimulatedMemory memory = memory();

    int code =
        job.live(
            memory,
            new SmallJob.Life(
                    1,
                    TARGET,
                    2,
                    message -> {
                      if (message instanceof PhaseBegan) {
                        mirroring.set(true);
                      }
                      said.add(message);
                    })
                .until(
                    () -> {
                      boolean now = stop.get();
                      if (mirroring.get()) {
                        thirdBegins.countDown();
                      }
                      return now;
                    })
                .telling(
                    _ -> {
                      await(thirdBegins);
                      stop.set(true);
                    }));

    assertThat(code).isEqualTo(75);
    assertThat(told()).containsExactly(1, 2, 3);
    Stopped stopped = (Stopped) said.getLast();
    assertThat(stopped.iteration()).isEqualTo(3);
    job.live(memory, life(3, 1));
    assertThat(state()).isEqualTo(stopped.state()).isEqualTo(stepByStep(3));
  }

  @Test
  void a_broker_that_refuses_a_mirror_ends_training_before_the_next_is_told() throws Exception {
    RuntimeException refused = new AttestationException.Refused(409, "another instance");
    AtomicReference<Thread> mirroring = new AtomicReference<>();

    assertThatThrownBy(
            () ->
                job.live(
                    memory(),
                    life(TARGET, 1)
                        .telling(
                            mirror -> {
                              mirroring.set(Thread.currentThread());
                              if (mirror.sequence() == 3) {
                                throw refused;
                              }
                            })))
        .isSameAs(refused);

    assertThat(told()).containsExactly(1, 2);
    assertEnds(mirroring.get());
  }

  @Test
  void a_medium_that_fails_at_any_fence_ends_training_and_what_was_told_is_there() {
    Bytes undisturbed = stepByStep(TARGET);
    SimulatedMemory first = memory();
    job.live(first, life(1, 1));
    int failures = 0;
    for (int fence = 1; ; fence++) {
      SimulatedMemory memory = SimulatedMemory.of(first.visible(), Granularity.LINE);
      memory.failFence(fence);
      said.clear();
      try {
        job.live(memory, life(4, 1));
        break;
      } catch (PmemException.WriteBackFailed expected) {
        failures++;
      }
      List<Integer> told = told();
      said.clear();
      int[] resumed = {0};
      SimulatedMemory found = SimulatedMemory.of(memory.visible(), Granularity.LINE);
      job.live(
          found,
          new SmallJob.Life(
              1,
              TARGET,
              1,
              message -> {
                said.add(message);
                if (resumed[0] == 0 && message instanceof IterationDone done) {
                  resumed[0] = done.iteration();
                }
              }));
      assertThat(state()).isEqualTo(undisturbed);
      assertThat(resumed[0]).isGreaterThan(told.isEmpty() ? 1 : told.getLast());
    }
    assertThat(failures).as("fences of three mirrors").isGreaterThanOrEqualTo(6);
  }

  @Test
  void a_divergence_is_told_after_the_last_mirror_and_names_it() {
    Map<String, String> wildFromTheFourth =
        Map.of("policy", "steps", "steps", "3", "scales", "1e32");

    assertThatThrownBy(() -> job.live(memory(), life(TARGET, 1).with(wildFromTheFourth)))
        .isInstanceOf(EnclaveException.Diverged.class)
        .satisfies(
            thrown ->
                assertThat(thrown)
                    .hasMessageContaining("The mirror of iteration %d is kept", told().size()));
    assertThat(told()).hasSizeGreaterThanOrEqualTo(3);
  }
}
