package plinius.enclave.pmdata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import plinius.dataset.DataSetException;

/** The next batch is unsealed beside the one that is computed with, and is no other for that. */
class BatchSourceTest {
  private static final int IMAGES = 4;

  private final float[] input = new float[12];
  private final float[] truth = new float[8];

  /** Which batches were begun, and by whom. */
  private final BlockingQueue<String> begun = new LinkedBlockingQueue<>();

  private void fill(long position, int images, float[] inputs, float[] truths) {
    begun.add(position + " by " + Thread.currentThread().getName());
    if (position == 40) {
      throw new DataSetException.Tampered("record 40 was altered");
    }
    Arrays.fill(inputs, (float) position * images);
    Arrays.fill(truths, (float) -position);
  }

  private void assertLoads(BatchSource source, long position) {
    source.load(position, IMAGES, input, truth);
    assertThat(input).containsOnly((float) position * IMAGES);
    assertThat(truth).containsOnly((float) -position);
  }

  private String nextBegun() throws InterruptedException {
    return begun.poll(20, TimeUnit.SECONDS);
  }

  @Test
  void the_next_batch_is_begun_before_it_is_asked_for_and_kept_apart() throws InterruptedException {
    try (BatchSource source = new BatchSource(this::fill, true)) {
      assertLoads(source, 8);
      assertThat(List.of(nextBegun(), nextBegun()))
          .containsExactly("8 by batches", "12 by batches");
      assertThat(input).as("while the next is made").containsOnly(8 * IMAGES);

      assertLoads(source, 12);
      assertThat(nextBegun()).isEqualTo("16 by batches");
    }
    assertThat(begun).isEmpty();
  }

  @Test
  void another_batch_than_the_foreseen_one_is_the_one_that_was_asked_for() {
    try (BatchSource source = new BatchSource(this::fill, true)) {
      for (long position : new long[] {0, 4, 100, 4, 4, 8, 0}) {
        assertLoads(source, position);
      }
    }
  }

  @Test
  void what_cannot_be_foreseen_is_made_by_who_asks_and_not_before() throws InterruptedException {
    String caller = Thread.currentThread().getName();
    try (BatchSource source = new BatchSource(this::fill, false)) {
      assertLoads(source, 8);
      assertLoads(source, 12);
    }
    assertThat(List.of(nextBegun(), nextBegun()))
        .containsExactly("8 by " + caller, "12 by " + caller);
    assertThat(begun).isEmpty();
  }

  @Test
  void a_record_that_was_altered_fails_the_batch_that_wants_it_and_not_the_one_before() {
    try (BatchSource source = new BatchSource(this::fill, true)) {
      assertLoads(source, 36);
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> source.load(40, IMAGES, input, truth))
            .isInstanceOf(DataSetException.Tampered.class)
            .hasMessage("record 40 was altered");
      }
    }
    try (BatchSource source = new BatchSource(this::fill, true)) {
      assertLoads(source, 36);
    }
  }

  @Test
  void the_time_told_is_the_time_that_the_caller_waited() {
    try (BatchSource source = new BatchSource(this::fill, true)) {
      assertThat(source.takeNanos()).isZero();
      long began = System.nanoTime();
      assertLoads(source, 0);
      assertThat(source.takeNanos()).isPositive().isLessThan(System.nanoTime() - began);
      assertThat(source.takeNanos()).isZero();
    }
  }
}
