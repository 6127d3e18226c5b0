package plinius.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;
import plinius.pmem.PersistentMemory;

/** A pair of lines under a lock, made durable by two fences, or by fewer. */
class LivesTest {
  /** Two copies of a number with a check each; the word at 0 says which counts. */
  private static IntSupplier open(PersistentMemory memory, boolean fenced) {
    ReentrantLock lock = new ReentrantLock();
    return () -> {
      lock.lock();
      try {
        long word = memory.getLong(0);
        long next = word + 1;
        long copy = 1024 + next % 2 * 1024;
        for (int line = 0; line < 4; line++) {
          memory.setLong(copy + 64L * line, next);
          memory.pwb(copy + 64L * line, 8);
        }
        if (fenced) {
          memory.pfence();
        }
        memory.setLong(0, next);
        memory.pwb(0, 8);
        memory.pfence();
        return (int) next;
      } finally {
        lock.unlock();
      }
    };
  }

  private static int check(PersistentMemory memory) {
    long word = memory.getLong(0);
    for (int line = 0; line < 4; line++) {
      assertThat(memory.getLong(1024 + word % 2 * 1024 + 64L * line)).isEqualTo(word);
    }
    return (int) word;
  }

  private static Lives lives(boolean fenced) {
    return new Lives(memory -> open(memory, fenced), (memory, _) -> check(memory));
  }

  @Test
  void a_sound_structure_lives_on_through_crash_after_crash() {
    Lives.Report report = lives(true).threads(3).live(new byte[4096], 20);

    assertThat(report.transactions()).isEqualTo(20 * 3 * 50);
    assertThat(report.state()).isBetween(100, 3000);
  }

  @Test
  void a_missing_fence_is_found_with_one_thread_and_with_several() {
    for (int threads : new int[] {1, 3}) {
      assertThatThrownBy(() -> lives(false).threads(threads).live(new byte[4096], 20))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("seed " + CrashTester.seed());
    }
  }

  @Test
  void a_history_is_the_same_for_the_same_seed_and_another_for_another() {
    Lives.Report first = lives(true).threads(3).seed(7).live(new byte[4096], 10);

    assertThat(lives(true).threads(3).seed(7).live(new byte[4096], 10)).isEqualTo(first);
    assertThat(lives(true).threads(3).seed(8).live(new byte[4096], 10)).isNotEqualTo(first);
  }

  @Test
  void threads_take_turns_at_every_ordering_instruction_and_locks_hold() {
    List<String> order = new ArrayList<>();
    ReentrantLock lock = new ReentrantLock();
    PersistentMemory memory = Turns.memory(new SimulatedMemory(4096, Granularity.LINE));
    List<Runnable> tasks = new ArrayList<>();
    for (String name : List.of("a", "b", "c")) {
      tasks.add(
          () -> {
            for (int i = 0; i < 10; i++) {
              lock.lock();
              try {
                order.add(name + " in");
                memory.pfence();
                order.add(name + " out");
              } finally {
                lock.unlock();
              }
              memory.pfence();
            }
          });
    }

    Turns.run(1, tasks);

    for (int i = 0; i < order.size(); i += 2) {
      assertThat(order.get(i + 1)).isEqualTo(order.get(i).replace("in", "out"));
    }
    long changes = 0;
    for (int i = 2; i < order.size(); i += 2) {
      changes += order.get(i).equals(order.get(i - 2)) ? 0 : 1;
    }
    assertThat(changes).isGreaterThan(5);
  }

  @Test
  void what_a_thread_throws_is_reported() {
    assertThatThrownBy(
            () ->
                Turns.run(
                    1,
                    List.of(
                        () -> {
                          throw new IllegalStateException("broken");
                        })))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("broken");
  }
}
