package plinius.evaluation.spot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import plinius.evaluation.process.Event;

/** What processes told, whose sum is known: up 100 s, down 100 s, up 100 s; ten times as fast. */
class SpotAccountTest {
  private static final Trace TRACE =
      Traces.parse(
              "trace",
              "{\"metadata\":{\"gap_seconds\":100},\"data\":[1,0,1]}",
              Traces.Reading.DEFAULT)
          .under(OptionalDouble.empty(), 1);

  private static final SpotRun.Prices PRICES = new SpotRun.Prices(0.72, 0.36);

  private static Event event(double seconds, String kind, int iteration) {
    return new Event((long) (seconds * 1e9), fields(kind).put("iteration", iteration));
  }

  private static Event iteration(double seconds, int iteration, boolean mirrored) {
    return new Event(
        (long) (seconds * 1e9),
        fields("iteration")
            .put("iteration", iteration)
            .put("mirrored", mirrored)
            .put("loss", 1.0 / iteration));
  }

  private static Event done(double seconds, int iteration, String state) {
    return new Event(
        (long) (seconds * 1e9), fields("done").put("iteration", iteration).put("state", state));
  }

  private static ObjectNode fields(String kind) {
    return new ObjectMapper().createObjectNode().put("event", kind);
  }

  private static SpotAccount account(Policy policy, SpotAccount.Uptime... uptimes) {
    return new SpotAccount(TRACE, 0, policy, 10, List.of(uptimes));
  }

  private static final SpotAccount.Uptime LOST =
      new SpotAccount.Uptime(
          0,
          100,
          true,
          List.of(
              event(1, "start", 0),
              iteration(2, 1, false),
              iteration(3, 2, true),
              iteration(4, 3, false)));

  @Test
  void a_checkpoint_keeps_what_was_mirrored_and_the_rest_is_wasted() {
    SpotAccount account =
        account(
            new Policy(2),
            LOST,
            new SpotAccount.Uptime(
                200,
                260,
                false,
                List.of(
                    event(1.5, "resume", 2),
                    iteration(2.5, 3, false),
                    iteration(3.5, 4, true),
                    done(4, 4, "ab"))));

    SpotResult result = account.result(4, 1000, PRICES);

    assertThat(result.executed()).isEqualTo(5);
    assertThat(result.completed()).isEqualTo(4);
    assertThat(result.wasted()).isEqualTo(1);
    assertThat(result.losses()).isEqualTo(1);
    assertThat(result.starts()).isEqualTo(2);
    assertThat(result.persistedBytes()).isEqualTo(2000);
    assertThat(result.restoreSeconds()).isEqualTo(1.5);
    assertThat(result.finished()).isTrue();
    assertThat(result.seconds()).isEqualTo(260);
    assertThat(result.upSeconds()).isEqualTo(160);
    // 160 s were paid; undisturbed four iterations of 10 s of the trace would be.
    assertThat(result.cost()).isCloseTo(0.36 / 3600 * 160, within(1e-12));
    assertThat(result.onDemandCost()).isCloseTo(0.72 / 3600 * 40, within(1e-12));
    assertThat(result.meets(260)).isTrue();
    assertThat(result.meets(259)).isFalse();
    assertThat(account.state()).contains("ab");
    assertThat(account.curve()).hasSize(5);
    assertThat(account.curve().getLast())
        .containsExactly(new Policy(2), 0, (200 + 3.5 * 10) / 3600, 4, 0.25);
  }

  @Test
  void an_iteration_that_was_durable_before_it_could_be_told_is_not_wasted() {
    SpotResult result =
        account(
                new Policy(2),
                LOST,
                // The fourth was mirrored, and then the blow came.
                new SpotAccount.Uptime(
                    200, 300, false, List.of(event(2, "resume", 4), iteration(3, 5, false))))
            .result(8, 1000, PRICES);

    assertThat(result.executed()).isEqualTo(5);
    assertThat(result.completed()).isEqualTo(4);
    assertThat(result.persistedBytes()).isEqualTo(2000);
    assertThat(result.finished()).isFalse();
    assertThat(result.seconds()).as("until the trace ends").isEqualTo(300);
    assertThat(result.meets(1e9)).isFalse();
  }

  @Test
  void without_mirrors_nothing_is_kept() {
    SpotAccount account =
        account(
            Policy.NONE,
            new SpotAccount.Uptime(
                0, 100, true, List.of(event(1, "start", 0), iteration(2, 1, false))),
            new SpotAccount.Uptime(
                200, 300, false, List.of(event(1, "start", 0), iteration(2, 1, false))));

    SpotResult result = account.result(4, 1000, PRICES);

    assertThat(account.mirrored()).isFalse();
    assertThat(result.executed()).isEqualTo(2);
    assertThat(result.completed()).isZero();
    assertThat(result.wasted()).isEqualTo(2);
    assertThat(result.persistedBytes()).isZero();
    assertThat(result.restoreSeconds()).isZero();
  }

  @Test
  void an_instance_that_is_never_there_costs_nothing() {
    SpotResult result = account(Policy.MIRROR).result(4, 1000, PRICES);

    assertThat(result.starts()).isZero();
    assertThat(result.onDemandCost()).isZero();
    assertThat(result.finished()).isFalse();
  }
}
