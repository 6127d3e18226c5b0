package plinius.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkersTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void each_task_runs_once(int threads) {
    try (Workers workers = new Workers(threads)) {
      for (int round = 0; round < 500; round++) {
        int tasks = round % 10;
        AtomicIntegerArray runs = new AtomicIntegerArray(10);

        workers.run(tasks, runs::incrementAndGet);

        for (int i = 0; i < 10; i++) {
          assertThat(runs.get(i)).isEqualTo(i < tasks ? 1 : 0);
        }
      }
    }
  }

  @Test
  void two_threads_work_at_the_same_time() {
    CountDownLatch both = new CountDownLatch(2);
    Set<Thread> seen = ConcurrentHashMap.newKeySet();
    try (Workers workers = new Workers(2)) {
      workers.run(
          2,
          task -> {
            seen.add(Thread.currentThread());
            both.countDown();
            meet(both);
          });
    }

    assertThat(seen).hasSize(2).contains(Thread.currentThread());
  }

  private static void meet(CountDownLatch both) {
    try {
      assertThat(both.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void what_a_task_throws_reaches_the_caller_and_the_workers_go_on() {
    try (Workers workers = new Workers(2)) {
      for (int failing = 0; failing < 4; failing++) {
        int which = failing;
        assertThatThrownBy(
                () ->
                    workers.run(
                        4,
                        task -> {
                          if (task == which) {
                            throw new IllegalStateException("task " + task);
                          }
                        }))
            .hasMessage("task " + which);
      }

      AtomicIntegerArray runs = new AtomicIntegerArray(4);
      workers.run(4, runs::incrementAndGet);
      assertThat(runs.toString()).isEqualTo("[1, 1, 1, 1]");
    }
  }
}
