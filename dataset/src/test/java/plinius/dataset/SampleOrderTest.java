package plinius.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import plinius.seal.SecretBytes;

class SampleOrderTest {
  @Test
  void each_pass_is_a_permutation_for_any_count() {
    try (SecretBytes key = SecretBytes.random(32)) {
      for (int count : new int[] {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 99, 100, 101, 1000, 10_007}) {
        SampleOrder order = new SampleOrder(key, count);
        for (int pass = 0; pass < 3; pass++) {
          BitSet seen = new BitSet();
          for (int i = 0; i < count; i++) {
            long index = order.at((long) pass * count + i);
            assertThat(index).isBetween(0L, count - 1L);
            seen.set((int) index);
          }
          assertThat(seen.cardinality()).as("count %s", count).isEqualTo(count);
        }
      }
    }
  }

  @Test
  void passes_and_keys_differ() {
    try (SecretBytes a = SecretBytes.random(32);
        SecretBytes b = SecretBytes.random(32)) {
      SampleOrder one = new SampleOrder(a, 1000);
      SampleOrder two = new SampleOrder(b, 1000);
      assertThat(same(one, 0, one, 1000)).isLessThan(20);
      assertThat(same(one, 0, two, 0)).isLessThan(20);
    }
  }

  private static long same(SampleOrder a, long from, SampleOrder b, long other) {
    return LongStream.range(0, 1000).filter(i -> a.at(from + i) == b.at(other + i)).count();
  }

  @Test
  void any_position_can_be_asked_at_any_time_by_any_thread() {
    try (SecretBytes key = SecretBytes.random(32)) {
      SampleOrder asked = new SampleOrder(key, 50);
      ConcurrentHashMap<Long, Long> got = new ConcurrentHashMap<>();
      LongStream.range(0, 500).parallel().forEach(i -> got.put(i, asked.at(i)));
      SampleOrder fresh = new SampleOrder(key, 50);
      for (long i = 499; i >= 0; i--) {
        assertThat(got).containsEntry(i, fresh.at(i));
      }
    }
  }

  @Test
  void each_sample_comes_equally_often_to_each_place() {
    try (SecretBytes key = SecretBytes.copyOf(new byte[32])) {
      SampleOrder order = new SampleOrder(key, 5);
      int passes = 6000;
      int[][] count = new int[5][5];
      for (int pass = 0; pass < passes; pass++) {
        for (int i = 0; i < 5; i++) {
          count[i][(int) order.at(5L * pass + i)]++;
        }
      }
      for (int[] row : count) {
        for (int cell : row) {
          assertThat(cell).isBetween(passes / 5 - 160, passes / 5 + 160); // 5 sigma
        }
      }
    }
  }

  /**
   * Computed in Python from the document. Another order would end the bit-exactness of every mirror
   * that exists.
   */
  @Test
  void the_order_never_changes() {
    byte[] key =
        HexFormat.of().parseHex("fedfa2f60ef29457e01d200e23ffc58ff1676c7b8672e114efc8990452085b96");
    try (SecretBytes orderKey = SecretBytes.copyOf(key)) {
      SampleOrder order = new SampleOrder(orderKey, 60_000);
      List<Long> first = LongStream.range(0, 6).mapToObj(order::at).toList();
      List<Long> border = LongStream.range(59_998, 60_002).mapToObj(order::at).toList();
      assertThat(first).isEqualTo(GOLDEN_FIRST);
      assertThat(border).isEqualTo(GOLDEN_BORDER);
    }
  }

  private static final List<Long> GOLDEN_FIRST =
      List.of(54457L, 55640L, 27188L, 25068L, 52850L, 24979L);
  private static final List<Long> GOLDEN_BORDER = List.of(26276L, 56110L, 19148L, 45029L);

  @Test
  void what_makes_no_order_is_refused() {
    try (SecretBytes key = SecretBytes.random(32)) {
      assertThatThrownBy(() -> new SampleOrder(key, 0))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> new SampleOrder(key, 1L << 33))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> new SampleOrder(key, 3).at(-1))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
