package plinius.benchmarks.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who is measured when, and what comes out, by clocks that only the contenders move. */
class TurnsTest {
  private static final long MILLI = 1_000_000;
  private static final int BATCH = 10;

  private final List<String> calls = new ArrayList<>();
  private long time;
  private long processor;

  /** Takes so many milliseconds for each of its iterations in turn, on two threads. */
  private final class Fake implements Contender {
    private final String name;
    private final long[] milliseconds;
    private int iterations;

    Fake(String name, long... milliseconds) {
      this.name = name;
      this.milliseconds = milliseconds;
    }

    @Override
    public String implementation() {
      return name;
    }

    @Override
    public String variant() {
      return "";
    }

    @Override
    public void iterate() {
      calls.add(name);
      long took = milliseconds[Math.min(iterations, milliseconds.length - 1)] * MILLI;
      iterations++;
      time += took;
      processor += 2 * took;
    }

    @Override
    public void close() {
      calls.add("close " + name);
    }
  }

  private List<Turns.Rates> measure(int turns, double seconds, Contender... contenders) {
    return new Turns(turns, seconds, () -> time, () -> processor)
        .measure(List.of(contenders), BATCH);
  }

  @Test
  void all_are_warmed_up_and_then_take_turns_in_one_order() {
    measure(3, .1, new Fake("a", 100), new Fake("b", 100), new Fake("c", 100));

    List<String> warm = List.of("a", "a", "a", "b", "b", "b", "c", "c", "c");
    assertThat(calls.subList(0, warm.size())).isEqualTo(warm);
    assertThat(calls.subList(warm.size(), calls.size()))
        .containsExactly("a", "b", "c", "a", "b", "c", "a", "b", "c");
  }

  @Test
  void a_turn_lasts_as_long_as_asked_whatever_an_iteration_takes() {
    List<Turns.Rates> rates = measure(1, .1, new Fake("slow", 150), new Fake("fast", 30));

    // Warm for 300 ms, then a turn of 100 ms at least.
    assertThat(calls)
        .containsExactlyElementsOf(
            repeat(new String[] {"slow", "fast", "slow", "fast"}, new int[] {2, 10, 1, 4}));
    assertThat(rates.getFirst().wall().median()).isCloseTo(BATCH / .15, within(1e-6));
    assertThat(rates.getLast().wall().median()).isCloseTo(4 * BATCH / .12, within(1e-6));
  }

  private static List<String> repeat(String[] names, int[] counts) {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < names.length; i++) {
      for (int j = 0; j < counts[i]; j++) {
        all.add(names[i]);
      }
    }
    return all;
  }

  @Test
  void what_is_slow_once_is_in_the_spread_and_not_in_the_median() {
    // The first two warm up.
    Fake disturbed = new Fake("disturbed", 200, 100, 100, 800, 125, 100, 80);

    Turns.Rates rates = measure(5, .1, disturbed).getFirst();

    // The one of 80 ms is no whole turn: two of them are, 80 and 80.
    assertThat(rates.wall().median()).isCloseTo(BATCH / .1, within(1e-6));
    assertThat(rates.wall().least()).isCloseTo(BATCH / .8, within(1e-6));
    assertThat(rates.wall().most()).isCloseTo(2 * BATCH / .16, within(1e-6));
    assertThat(rates.wall().spread()).isTrue();
  }

  @Test
  void processor_time_is_counted_beside_the_clocks() {
    Turns.Rates rates = measure(3, .1, new Fake("a", 100)).getFirst();

    assertThat(rates.wall().median()).isCloseTo(100, within(1e-6));
    assertThat(rates.processor().median()).isCloseTo(50, within(1e-6));
  }

  @Test
  void the_median_of_an_even_number_is_halfway_between_the_two_in_the_middle() {
    assertThat(new Turns.Sorted(8, 1, 2, 4).median()).isEqualTo(3);
    assertThat(new Turns.Sorted(8, 2, 4).median()).isEqualTo(4);
    assertThat(new Turns.Sorted(2, 4).median()).isEqualTo(3);
  }

  @Test
  void one_turn_is_a_median_without_a_spread_and_none_is_refused() {
    Turns.Sorted one = measure(1, .1, new Fake("a", 100)).getFirst().wall();

    assertThat(one.median()).isEqualTo(one.least()).isEqualTo(one.most());
    assertThat(one.spread()).isFalse();
    assertThatThrownBy(() -> new Turns(0, 1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void rates_do_not_change_with_the_array_they_came_from() {
    double[] given = {3, 1, 2};
    Turns.Sorted sorted = new Turns.Sorted(given);
    Arrays.fill(given, 9);

    assertThat(sorted.most()).isEqualTo(3);
  }
}
