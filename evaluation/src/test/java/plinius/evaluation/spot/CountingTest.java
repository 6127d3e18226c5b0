package plinius.evaluation.spot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** A trace whose outcome can be counted by hand: up 100 s, down 100 s, up 100 s, down, up. */
class CountingTest {
  private static final Trace TRACE =
      Traces.parse(
              "trace",
              "{\"metadata\":{\"gap_seconds\":100},\"data\":[1,0,1,0,1]}",
              Traces.Reading.DEFAULT)
          .under(OptionalDouble.empty(), 1);

  /** 10 s an iteration, nothing to save, 20 s to start: 8 iterations in each hundred seconds. */
  private static final Counting TWENTY = new Counting(20, 10, 0, 20, 1000, 0.36, 0.18);

  @Test
  void with_mirroring_no_whole_iteration_is_lost() {
    SpotResult result = TWENTY.count(TRACE, 0, Policy.MIRROR);

    assertThat(result.finished()).isTrue();
    assertThat(result.executed()).isEqualTo(20);
    assertThat(result.wasted()).isZero();
    assertThat(result.losses()).isEqualTo(2);
    assertThat(result.starts()).isEqualTo(3);
    assertThat(result.persistedBytes()).isEqualTo(20_000);
    // 8 + 8, and 4 more after the third start at 400 s.
    assertThat(result.seconds()).isEqualTo(400 + 20 + 4 * 10);
    assertThat(result.upSeconds()).isEqualTo(100 + 100 + 60);
    assertThat(result.cost()).isCloseTo(0.18 / 3600 * 260, within(1e-12));
    assertThat(result.onDemandCost()).isCloseTo(0.36 / 3600 * (20 + 200), within(1e-12));
  }

  @Test
  void checkpoints_lose_what_came_after_them() {
    SpotResult result = TWENTY.count(TRACE, 0, new Policy(5));

    // 8 executed, 5 kept; from 5 to 13, 10 kept; from 10 to 18 at the end of the trace, 15 kept.
    assertThat(result.finished()).isFalse();
    assertThat(result.executed()).isEqualTo(24);
    assertThat(result.completed()).isEqualTo(15);
    assertThat(result.wasted()).isEqualTo(9);
    assertThat(result.persistedBytes()).isEqualTo(3_000);
  }

  @Test
  void without_either_nothing_is_left() {
    SpotResult result = TWENTY.count(TRACE, 0, Policy.NONE);

    assertThat(result.finished()).isFalse();
    assertThat(result.completed()).isZero();
    assertThat(result.wasted()).isEqualTo(24);
    assertThat(result.seconds()).isEqualTo(500);
  }

  @Test
  void without_either_a_long_enough_time_is_enough() {
    SpotResult result = new Counting(8, 10, 0, 20, 1000, 1, 1).count(TRACE, 0, Policy.NONE);

    assertThat(result.finished()).isTrue();
    assertThat(result.seconds()).isEqualTo(100);
  }

  @Test
  void saving_takes_its_time_and_a_loss_while_saving_loses_the_iteration() {
    // 20 s to start, then 15 + 10 s each: at 95 s three are kept, the fourth is never computed.
    SpotResult result =
        new Counting(4, 15, 10, 20, 1, 1, 1).count(TRACE.first(100), 0, Policy.MIRROR);
    assertThat(result.completed()).isEqualTo(3);

    // 20 s, then 30 + 10: the second ends at 90 s and would be saved at 100 s, just in time.
    assertThat(
            new Counting(4, 30, 10, 20, 1, 1, 1)
                .count(TRACE.first(100), 0, Policy.MIRROR)
                .completed())
        .isEqualTo(2);
    // 11 s to save: too late by 2 s; executed, and wasted.
    SpotResult late =
        new Counting(4, 30, 11, 20, 1, 1, 1).count(TRACE.first(100), 0, Policy.MIRROR);
    assertThat(late.completed()).isEqualTo(1);
    assertThat(late.wasted()).isEqualTo(1);
  }
}
