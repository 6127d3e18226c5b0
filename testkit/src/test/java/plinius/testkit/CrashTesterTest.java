package plinius.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import plinius.pmem.PersistentMemory;
import plinius.pmem.PmemException;

class CrashTesterTest {

  private final SimulatedMemory memory = new SimulatedMemory(8192, Granularity.LINE);

  @Test
  void a_store_without_write_back_may_survive_or_not() {
    memory.setLong(0, 7);

    assertThat(survivors(0)).containsExactlyInAnyOrder(0L, 7L);
  }

  @Test
  void a_fenced_write_back_always_survives() {
    memory.setLong(0, 7);
    memory.pwb(0, 8);
    memory.pfence();

    assertThat(survivors(0)).containsExactly(7L);
  }

  @Test
  void a_write_back_without_fence_promises_nothing() {
    memory.setLong(0, 7);
    memory.pwb(0, 8);

    assertThat(survivors(0)).containsExactlyInAnyOrder(0L, 7L);
  }

  @Test
  void stores_to_one_line_survive_in_program_order() {
    memory.setLong(0, 1);
    memory.setLong(8, 2);

    // The second without the first cannot be.
    assertThat(pairs(0, 8)).containsExactlyInAnyOrder("0 0", "1 0", "1 2");
  }

  @Test
  void stores_to_two_lines_survive_in_any_combination() {
    memory.setLong(0, 1);
    memory.setLong(64, 2);

    assertThat(pairs(0, 64)).containsExactlyInAnyOrder("0 0", "1 0", "0 2", "1 2");
  }

  @Test
  void a_store_after_the_write_back_is_not_covered_by_it() {
    memory.setLong(0, 1);
    memory.pwb(0, 8);
    memory.setLong(0, 2);
    memory.pfence();

    assertThat(survivors(0)).containsExactlyInAnyOrder(1L, 2L);
  }

  @Test
  void a_fence_covers_its_own_thread_only_unless_handed_over() throws InterruptedException {
    memory.setLong(0, 1);
    Thread other =
        Thread.ofPlatform()
            .start(
                () -> {
                  memory.pwb(0, 8);
                });
    other.join();
    memory.pfence();
    assertThat(survivors(0)).containsExactlyInAnyOrder(0L, 1L);

    Thread handing =
        Thread.ofPlatform()
            .start(
                () -> {
                  memory.pwb(0, 8);
                  memory.handOver();
                });
    handing.join();
    memory.pfence();
    assertThat(survivors(0)).containsExactly(1L);
  }

  @Test
  void pages_carry_each_other() {
    SimulatedMemory file = new SimulatedMemory(8192, Granularity.PAGE);
    file.setLong(0, 1);
    file.setLong(64, 2);
    file.pwb(64, 8);
    file.pfence();

    assertThat(CrashTester.possibleNow(file.trace()))
        .hasSize(1)
        .allSatisfy(image -> assertThat(word(image, 0)).isEqualTo(1));
  }

  @Test
  void a_failed_fence_guarantees_nothing_and_stays_failed() {
    memory.failFence(1);
    memory.setLong(0, 7);
    memory.pwb(0, 8);

    assertThatThrownBy(memory::pfence).isInstanceOf(PmemException.WriteBackFailed.class);
    assertThatThrownBy(memory::pfence).isInstanceOf(PmemException.WriteBackFailed.class);
    assertThat(survivors(0)).containsExactlyInAnyOrder(0L, 7L);
  }

  @Test
  void after_a_kill_stores_are_visible_but_write_backs_are_nobodys() {
    memory.setLong(0, 7);
    memory.pwb(0, 8);
    memory.kill();
    memory.pfence();

    assertThat(memory.getLong(0)).isEqualTo(7);
    assertThat(survivors(0)).containsExactlyInAnyOrder(0L, 7L);
  }

  @Test
  void what_was_handed_over_is_guaranteed_by_the_fence_of_another_thread_and_not_before()
      throws InterruptedException {
    memory.setLong(0, 1);
    memory.pwb(0, 8);
    memory.handOver();
    assertThat(survivors(0)).containsExactlyInAnyOrder(0L, 1L);

    Thread other = Thread.ofPlatform().start(memory::pfence);
    other.join();
    assertThat(survivors(0)).containsExactly(1L);
  }

  @Test
  void a_long_store_may_be_torn_between_words_in_ascending_order_unless_shuffled() {
    SimulatedMemory ascending = new SimulatedMemory(4096, Granularity.LINE);
    ascending.write(0, new byte[] {1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0}, 0, 16);
    assertThat(pairs(ascending, 0, 8)).containsExactlyInAnyOrder("0 0", "1 0", "1 2");

    TreeSet<String> shuffled = new TreeSet<>();
    SimulatedMemory any =
        new SimulatedMemory(new byte[4096], Granularity.LINE, Tearing.SHUFFLED_WORDS);
    for (int line = 0; line < 20; line++) {
      any.write(64L * line, new byte[] {1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0}, 0, 16);
      any.pwb(64L * line, 16);
      shuffled.addAll(pairs(any, 64 * line, 64 * line + 8));
      any.pfence();
    }
    assertThat(shuffled).containsExactlyInAnyOrder("0 0", "1 0", "0 2", "1 2");
  }

  @Test
  void where_caches_survive_nothing_is_lost() {
    memory.setLong(0, 1);
    memory.setLong(64, 2);
    memory.mark(2);

    CrashTester.Report report =
        new CrashTester((m, _) -> (int) (m.getLong(0) == 1 ? Math.max(1, m.getLong(64)) : 0))
            .cachesSurvive()
            .test(memory.trace());

    assertThat(report.judgements()).isEqualTo(4);
  }

  @Test
  void above_the_limit_each_line_alone_is_missing_and_present_once() {
    for (int line = 0; line < 40; line++) {
      memory.setLong(64L * line, 1);
    }
    TreeSet<Integer> survived = new TreeSet<>();

    CrashTester.Report report =
        new CrashTester(
                (image, _) -> {
                  survived.add(lines(image));
                  return 0;
                })
            .limit(40)
            .test(memory.trace());

    assertThat(survived).contains(0, 1, 39, 40);
    assertThat(report.exhaustive()).isFalse();
  }

  private static int lines(PersistentMemory image) {
    int count = 0;
    for (int line = 0; line < 40; line++) {
      count += (int) image.getLong(64L * line);
    }
    return count;
  }

  @Test
  void each_image_is_tried_once() {
    memory.setLong(0, 1);
    memory.setLong(64, 2);
    memory.setLong(64, 0);
    AtomicInteger tried = new AtomicInteger();

    CrashTester.Report report =
        new CrashTester((_, _) -> 0 * tried.incrementAndGet()).test(memory.trace());

    // 0 0, 1 0, 0 2, 1 2: the last store leads to images that were there before.
    assertThat(tried).hasValue(4);
    assertThat(report.images()).isEqualTo(4);
  }

  @Test
  void a_state_that_was_promised_may_not_be_lost() {
    memory.setLong(0, 1);
    memory.mark(1);

    assertThatThrownBy(
            () -> new CrashTester((image, _) -> (int) image.getLong(0)).test(memory.trace()))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("state 0 after state 1");
  }

  @Test
  void a_state_that_nobody_can_have_committed_yet_is_refused() {
    memory.mark(1);
    memory.setLong(0, 3);

    assertThatThrownBy(
            () ->
                new CrashTester((image, _) -> Math.max(1, (int) image.getLong(0)))
                    .test(memory.trace()))
        .hasMessageContaining("state 3 after state 1");
  }

  /** Data, then a flag in another line, with a fence between them or without. */
  private static Program flagged(boolean fenced) {
    return (memory, promise) -> {
      memory.setLong(0, 7);
      memory.pwb(0, 8);
      if (fenced) {
        memory.pfence();
      }
      memory.setLong(64, 1);
      memory.pwb(64, 8);
      memory.pfence();
      promise.kept(1);
    };
  }

  private static int flag(PersistentMemory memory) {
    if (memory.getLong(64) == 0) {
      return 0;
    }
    assertThat(memory.getLong(0)).isEqualTo(7);
    return 1;
  }

  @Test
  void the_missing_fence_of_a_two_word_protocol_is_found_with_its_seed() {
    byte[] image = new byte[4096];
    CrashTester tester = new CrashTester((memory, _) -> flag(memory)).seed(5);

    assertThat(tester.test(image, Granularity.LINE, Tearing.WORDS, flagged(true)).exhaustive())
        .isTrue();
    assertThatThrownBy(() -> tester.test(image, Granularity.LINE, Tearing.WORDS, flagged(false)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("seed 5");
  }

  @Test
  void what_recovery_does_not_look_at_is_not_tried_lazily_and_nothing_else_is_missed() {
    // 2^40 images, of which recovery looks at two lines.
    for (boolean fenced : new boolean[] {true, false}) {
      Program program =
          (memory, promise) -> {
            for (int line = 2; line < 42; line++) {
              memory.setLong(64L * line, 1);
            }
            flagged(fenced).run(memory, promise);
          };
      CrashTester tester = new CrashTester((memory, _) -> flag(memory)).limit(20).lazily();
      if (fenced) {
        CrashTester.Report report =
            tester.test(new byte[4096], Granularity.LINE, Tearing.WORDS, program);
        assertThat(report.exhaustive()).isTrue();
        assertThat(report.images()).isLessThan(50);
      } else {
        assertThatThrownBy(
                () -> tester.test(new byte[4096], Granularity.LINE, Tearing.WORDS, program))
            .isInstanceOf(AssertionError.class);
      }
    }
  }

  @Test
  void lazy_decisions_lead_to_the_states_that_trying_every_image_finds() {
    Random random = new Random(CrashTester.seed());
    for (int round = 0; round < 20; round++) {
      SimulatedMemory some = new SimulatedMemory(4096, Granularity.LINE);
      for (int i = 0; i < 12; i++) {
        int line = random.nextInt(4);
        switch (random.nextInt(3)) {
          case 0 -> some.pwb(64L * line, 8);
          case 1 -> some.pfence();
          default -> some.setLong(64L * line + 8L * random.nextInt(2), random.nextInt(3));
        }
      }
      TreeSet<String> every = new TreeSet<>();
      new CrashTester((m, _) -> visit(m, every)).test(some.trace());
      TreeSet<String> lazily = new TreeSet<>();
      CrashTester.Report report =
          new CrashTester((m, _) -> visit(m, lazily)).limit(0).lazily().test(some.trace());

      assertThat(lazily).as("seed %d", CrashTester.seed()).isEqualTo(every);
      assertThat(report.exhaustive()).isTrue();
    }
  }

  /** Looks at lines in an order that depends on what it finds, and stores on the way. */
  private static int visit(PersistentMemory memory, Set<String> found) {
    long first = memory.getLong(0);
    String seen = first + "";
    if (first == 0) {
      seen += " " + memory.getLong(64);
      memory.setLong(128, 9);
      seen += " " + memory.getLong(136);
    } else if (first == 1) {
      memory.fill(192, 64, (byte) 3);
      seen += " " + memory.getLong(192) + " " + memory.getLong(72);
    }
    found.add(seen);
    return 0;
  }

  @Test
  void a_recovery_that_breaks_when_it_is_interrupted_is_found_by_crashing_it() {
    // Two lines that must agree, and a redo word. Recovery clears the word before what it redid is
    // durable.
    for (boolean sound : new boolean[] {true, false}) {
      Recovery recovery =
          (memory, promise) -> {
            long redo = memory.getLong(0);
            if (redo != 0) {
              memory.setLong(64, redo);
              memory.setLong(128, redo);
              memory.pwb(64, 128);
              if (sound) {
                memory.pfence();
              }
              memory.setLong(0, 0);
              memory.pwb(0, 8);
              memory.pfence();
            }
            assertThat(memory.getLong(64)).isEqualTo(memory.getLong(128));
            int state = (int) memory.getLong(64);
            promise.kept(state);
            return state;
          };
      Program program =
          (memory, promise) -> {
            memory.setLong(0, 1);
            memory.pwb(0, 8);
            memory.pfence();
            promise.kept(1);
          };
      byte[] image = new byte[4096];
      CrashTester flat = new CrashTester(recovery);
      CrashTester deep = new CrashTester(recovery).depth(2, 1);

      flat.test(image, Granularity.LINE, Tearing.WORDS, program);
      if (sound) {
        assertThat(deep.test(image, Granularity.LINE, Tearing.WORDS, program).nestedImages())
            .isGreaterThan(10);
      } else {
        assertThatThrownBy(() -> deep.test(image, Granularity.LINE, Tearing.WORDS, program))
            .isInstanceOf(AssertionError.class);
      }
    }
  }

  private Set<Long> survivors(int offset) {
    TreeSet<Long> values = new TreeSet<>();
    CrashTester.possibleNow(memory.trace()).forEach(image -> values.add(word(image, offset)));
    return values;
  }

  private Set<String> pairs(int a, int b) {
    return pairs(memory, a, b);
  }

  private static Set<String> pairs(SimulatedMemory memory, int a, int b) {
    TreeSet<String> values = new TreeSet<>();
    CrashTester.possibleNow(memory.trace())
        .forEach(image -> values.add(word(image, a) + " " + word(image, b)));
    return values;
  }

  private static long word(byte[] image, int offset) {
    return ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).getLong(offset);
  }
}
