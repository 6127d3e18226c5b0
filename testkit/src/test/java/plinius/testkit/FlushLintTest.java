package plinius.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FlushLintTest {
  private final SimulatedMemory memory = new SimulatedMemory(4096, Granularity.LINE);

  private FlushLint.Interval only() {
    memory.mark(1);
    return FlushLint.intervals(memory.trace()).getFirst();
  }

  @Test
  void a_line_that_is_written_back_and_fenced_is_counted_and_not_blamed() {
    memory.setLong(0, 1);
    memory.setLong(8, 1);
    memory.pwb(0, 16);
    memory.pfence();

    FlushLint.Interval interval = only();

    assertThat(interval.storedLines()).isEqualTo(1);
    assertThat(interval.writtenBackLines()).isEqualTo(1);
    assertThat(interval.fences()).isEqualTo(1);
    assertThat(interval.redundantLines() + interval.cleanLines()).isZero();
    assertThat(interval.unfencedLines()).isEmpty();
  }

  @Test
  void lines_without_write_back_without_fence_or_stored_to_afterwards_are_named() {
    memory.setLong(0, 1); // never written back
    memory.setLong(64, 1); // stored to after its write-back
    memory.pwb(64, 8);
    memory.setLong(64, 2);
    memory.pfence();
    memory.setLong(128, 1); // not fenced
    memory.pwb(128, 8);

    assertThat(only().unfencedLines()).containsExactly(0L, 1L, 2L);
  }

  @Test
  void a_write_back_of_what_is_on_its_way_or_durable_is_in_vain() {
    memory.setLong(0, 1);
    memory.pwb(0, 8);
    memory.pwb(0, 8);
    memory.pfence();
    memory.pwb(0, 64);

    FlushLint.Interval interval = only();

    assertThat(interval.redundantLines()).isEqualTo(1);
    assertThat(interval.cleanLines()).isEqualTo(1);
  }

  @Test
  void what_another_thread_wrote_back_is_covered_if_it_was_handed_over() throws Exception {
    memory.setLong(0, 1);
    memory.setLong(64, 1);
    Thread.ofPlatform().start(() -> memory.pwb(0, 8)).join();
    Thread.ofPlatform()
        .start(
            () -> {
              memory.pwb(64, 8);
              memory.handOver();
            })
        .join();
    memory.pfence();

    FlushLint.Interval interval = only();

    assertThat(interval.unfencedLines()).containsExactly(0L);
    assertThat(interval.handOvers()).isEqualTo(1);
  }
}
