package plinius.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import plinius.pmem.PmemException;
import plinius.testkit.SimulatedMemory.Granularity;

class CrashImagesTest {

  private final RecordedMemory memory = new RecordedMemory(8192, Granularity.LINE);

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
    RecordedMemory file = new RecordedMemory(8192, Granularity.PAGE);
    file.setLong(0, 1);
    file.setLong(64, 2);
    file.pwb(64, 8);
    file.pfence();

    assertThat(CrashImages.possibleNow(file))
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
  void above_the_limit_each_line_alone_is_missing_and_present_once() {
    for (int line = 0; line < 40; line++) {
      memory.setLong(64L * line, 1);
    }
    TreeSet<Integer> survived = new TreeSet<>();

    CrashImages.Report report =
        CrashImages.enumerate(
            memory,
            40,
            1,
            image -> {
              int count = 0;
              for (int line = 0; line < 40; line++) {
                count += (int) word(image, 64 * line);
              }
              survived.add(count);
              return 0;
            });

    assertThat(survived).contains(0, 1, 39, 40);
    assertThat(report.sampledPoints()).isPositive();
  }

  @Test
  void each_image_is_tried_once() {
    memory.setLong(0, 1);
    memory.setLong(64, 2);
    memory.setLong(64, 0);
    AtomicInteger tried = new AtomicInteger();

    CrashImages.enumerate(memory, 100, 1, _ -> 0 * tried.incrementAndGet());

    // 0 0, 1 0, 0 2, 1 2: the last store leads to images that were there before.
    assertThat(tried).hasValue(4);
  }

  @Test
  void a_state_that_was_promised_may_not_be_lost() {
    memory.setLong(0, 1);
    memory.mark(1);

    assertThatThrownBy(() -> CrashImages.enumerate(memory, 100, 1, image -> (int) word(image, 0)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("state 0 after state 1");
  }

  @Test
  void the_missing_fence_of_a_two_word_protocol_is_found() {
    // Data, then a flag in another line: without a fence between them the flag may come first.
    memory.setLong(0, 7);
    memory.pwb(0, 8);
    memory.setLong(64, 1);
    memory.pwb(64, 8);
    memory.pfence();

    assertThatThrownBy(
            () ->
                CrashImages.enumerate(
                    memory,
                    100,
                    1,
                    image -> {
                      assertThat(word(image, 64) == 1 && word(image, 0) != 7).isFalse();
                      return 0;
                    }))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("seed 1");
  }

  private Set<Long> survivors(int offset) {
    TreeSet<Long> values = new TreeSet<>();
    CrashImages.possibleNow(memory).forEach(image -> values.add(word(image, offset)));
    return values;
  }

  private Set<String> pairs(int a, int b) {
    TreeSet<String> values = new TreeSet<>();
    CrashImages.possibleNow(memory)
        .forEach(image -> values.add(word(image, a) + " " + word(image, b)));
    return values;
  }

  private static long word(byte[] image, int offset) {
    return ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).getLong(offset);
  }
}
