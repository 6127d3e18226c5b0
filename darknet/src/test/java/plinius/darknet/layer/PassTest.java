package plinius.darknet.layer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.CounterRandom;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/** How work is cut, whatever its size. */
final class PassTest {
  private static final int CHUNK = 1 << 14;

  @ParameterizedTest
  @ValueSource(
      ints = {0, 1, CHUNK, CHUNK + 1, Integer.MAX_VALUE - CHUNK + 2, Integer.MAX_VALUE - 8})
  void chunks_are_all_values_once(int count) {
    try (Workers workers = new Workers(2)) {
      Pass pass =
          new Pass(
              new Pass.Means(Kernels.best(), workers, new CounterRandom(1), null),
              new Pass.Moment(false, 0, 0, 0),
              1);
      AtomicLong values = new AtomicLong();
      AtomicLong squares = new AtomicLong();
      pass.runChunks(
          count,
          (from, to) -> {
            values.addAndGet(to - from);
            squares.addAndGet((long) to * to - (long) from * from);
          });

      assertThat(values).hasValue(count);
      assertThat(squares).hasValue((long) count * count);
    }
  }

  @Test
  void updates_that_are_promised_in_blocks_are_taken_so() {
    int promised = 0;
    for (int c = 32; c <= 1024; c += 32) {
      for (int filters = 32; filters <= 1024; filters += 32) {
        ConvShape s = new ConvShape(16, 16, c, filters, 3, 1, 1, 1);
        for (int shards = 1; shards <= Pass.MAX_SHARDS; shards++) {
          if (WeightUpdates.inBlocks((long) s.weights(), shards)) {
            assertThat(WeightUpdates.inBlocks(s, shards)).as("%s in %d", s, shards).isTrue();
            promised++;
          }
        }
      }
    }
    assertThat(promised).isPositive();
  }

  @Test
  void no_more_sums_are_promised_than_there_is_room_for() {
    for (int shards = 1; shards <= Pass.MAX_SHARDS; shards++) {
      for (long weights = (1L << 21) / shards; ; weights--) {
        if (WeightUpdates.inBlocks(weights, shards)) {
          assertThat(shards * ConvPlan.sumFloats(weights)).isLessThanOrEqualTo(1 << 23);
          break;
        }
      }
    }
  }
}
