package plinius.romulus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;
import plinius.testkit.CrashTester;
import plinius.testkit.FlushLint;
import plinius.testkit.Granularity;
import plinius.testkit.Promise;
import plinius.testkit.SimulatedMemory;
import plinius.testkit.Tearing;
import plinius.testkit.Trace;
import plinius.testkit.TracedMemory;

/**
 * The path that programs take, a mapped file with the operations it has for many lines at once,
 * asks for the same ordering as the simulated memory of the crash tests; and what was traced on it
 * is crashed like them.
 */
class TraceReplayTest {
  private static final int STEPS = 7;

  /** Story, abort, observer, story; what it promised. */
  private static void program(PersistentMemory memory, Promise promise) {
    Pool pool = Pool.open(memory);
    for (int i = 0; i < STEPS; i++) {
      promise.kept(Story.step(pool));
      Scenarios.aborted(pool, Story::step);
      Story.check(pool);
    }
  }

  private static Trace real(Protocol protocol, WriteBack writeBack) throws IOException {
    Path folder = Path.of("/dev/shm");
    Path file =
        Files.isWritable(folder)
            ? Files.createTempFile(folder, "plinius-trace-", ".pm")
            : Files.createTempFile("plinius-trace-", ".pm");
    try {
      Files.write(file, Scenarios.of(protocol).formatted());
      try (PersistentMemory mapped = MappedMemory.open(file, Access.READ_WRITE, writeBack)) {
        TracedMemory memory = new TracedMemory(mapped);
        memory.mark(0);
        program(memory, memory::mark);
        return memory.trace();
      }
    } finally {
      Files.delete(file);
    }
  }

  private static Trace simulated(Protocol protocol, Granularity granularity) {
    SimulatedMemory memory =
        new SimulatedMemory(Scenarios.of(protocol).formatted(), granularity, Tearing.LINES);
    memory.mark(0);
    program(memory, memory::mark);
    return memory.trace();
  }

  // AUTO is cache lines on tmpfs; msync is what an ordinary file has, whose extents are written
  // beside the mapping.
  @ParameterizedTest
  @CsvSource({"PING_PONG, AUTO", "PING_PONG, MSYNC", "ROMULUS, AUTO", "ROMULUS, MSYNC"})
  void a_mapped_file_is_asked_for_the_ordering_that_the_crash_tests_try(
      Protocol protocol, WriteBack writeBack) throws IOException {
    Trace real = real(protocol, writeBack);
    Trace simulated = simulated(protocol, real.granularity());

    assertThat(real.ordering()).isEqualTo(simulated.ordering());
    assertThat(FlushLint.intervals(real)).isEqualTo(FlushLint.intervals(simulated));
  }

  @ParameterizedTest
  @CsvSource({
    "PING_PONG, AUTO, 1000",
    "PING_PONG, MSYNC, 100",
    "ROMULUS, AUTO, 1000",
    "ROMULUS, MSYNC, 100"
  })
  void what_was_done_to_a_mapped_file_survives_every_crash(
      Protocol protocol, WriteBack writeBack, int images) throws IOException {
    CrashTester.Report report =
        new CrashTester(Story::checkAndContinue)
            .limit(100)
            .lazily()
            .test(real(protocol, writeBack));

    assertThat(report.exhaustive()).isTrue();
    assertThat(report.images()).isGreaterThan(images);
  }
}
