package plinius.enclave.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import plinius.attestation.AttestationException;
import plinius.attestation.kbs.FreshnessMode;
import plinius.attestation.kbs.MirrorId;

/** When the broker is told; what is accepted, system-tests show with real pools. */
class FreshnessTest {
  private final List<Long> told = new ArrayList<>();
  private AttestationException failure = new AttestationException.Unreachable("nobody answers");
  private int silent; // so many times in a row it is the answer

  @Test
  void strict_tells_of_every_mirror() {
    train(freshness(FreshnessMode.STRICT, Optional.of(MirrorId.NONE)), 1, 4);

    assertThat(told).containsExactly(1L, 2L, 3L, 4L);
  }

  @Test
  void a_window_is_told_of_at_half_of_it_and_of_the_last() {
    Freshness freshness = freshness(new FreshnessMode(8), Optional.of(mirror(2)));
    train(freshness, 3, 13);
    assertThat(told).containsExactly(6L, 10L);

    freshness.settle(mirror(13));
    freshness.settle(mirror(13));

    assertThat(told).containsExactly(6L, 10L, 13L);
  }

  @Test
  void within_the_window_a_silent_broker_does_not_stop_training() {
    silent = 4;

    train(freshness(new FreshnessMode(8), Optional.of(MirrorId.NONE)), 1, 8);

    // Asked at 4, 5, 6 and 7 in vain; at 8 nothing more may remain untold.
    assertThat(told).containsExactly(8L);
  }

  @Test
  void beyond_the_window_training_waits_for_the_broker() {
    silent = 7;

    train(freshness(new FreshnessMode(8), Optional.of(MirrorId.NONE)), 1, 8);

    assertThat(told).containsExactly(8L);
    assertThat(silent).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 500, 503})
  void a_broker_that_cannot_decide_now_is_asked_again_like_one_that_is_silent(int status) {
    failure = new AttestationException.Refused(status, "later");
    silent = 5;

    train(freshness(new FreshnessMode(8), Optional.of(MirrorId.NONE)), 1, 8);

    // Asked at 4, 5, 6 and 7 in vain, and at 8 once more after that.
    assertThat(told).containsExactly(8L);
    assertThat(silent).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 404, 409, 413})
  void a_broker_that_says_no_is_obeyed_at_once(int status) {
    failure = new AttestationException.Refused(status, "no");
    silent = 1;
    Freshness freshness = freshness(new FreshnessMode(8), Optional.of(MirrorId.NONE));

    assertThatThrownBy(() -> train(freshness, 1, 4)).isSameAs(failure);

    assertThat(told).isEmpty();
  }

  @Test
  void what_the_pool_holds_beyond_the_record_is_told_of_before_training() {
    freshness(FreshnessMode.STRICT, Optional.of(mirror(2))).adopt(mirror(3));
    freshness(FreshnessMode.STRICT, Optional.of(mirror(3))).adopt(mirror(3));
    freshness(FreshnessMode.STRICT, Optional.empty()).adopt(mirror(9));
    freshness(FreshnessMode.STRICT, Optional.of(MirrorId.NONE)).adopt(MirrorId.NONE);

    assertThat(told).containsExactly(3L, 9L);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "3, 2", "8, 4", "16, 8", "17, 9", "32, 24", "64, 56"})
  void the_broker_is_told_while_some_mirrors_of_the_window_are_left(int window, int every) {
    train(freshness(new FreshnessMode(window), Optional.of(MirrorId.NONE)), 1, 3 * every);

    assertThat(told).containsExactly((long) every, 2L * every, 3L * every);
  }

  @Test
  void offline_tells_nobody() {
    Freshness freshness = freshness(FreshnessMode.OFFLINE, Optional.of(mirror(5)));
    freshness.acceptNone();
    freshness.adopt(mirror(9));
    train(freshness, 10, 90);
    freshness.settle(mirror(90));

    assertThat(told).isEmpty();
  }

  @Test
  void a_job_that_has_had_a_mirror_does_not_begin_without_one() {
    freshness(FreshnessMode.STRICT, Optional.of(MirrorId.NONE)).acceptNone();
    freshness(FreshnessMode.STRICT, Optional.empty()).acceptNone();

    assertThatThrownBy(freshness(FreshnessMode.STRICT, Optional.of(mirror(5)))::acceptNone)
        .isInstanceOf(MirrorException.Stale.class)
        .hasMessageContaining("mirror 5");
  }

  private Freshness freshness(FreshnessMode mode, Optional<MirrorId> known) {
    return new Freshness(
        mode,
        known,
        newest -> {
          if (silent > 0) {
            silent--;
            throw failure;
          }
          told.add(newest.sequence());
        });
  }

  private static void train(Freshness freshness, int first, int last) {
    for (int sequence = first; sequence <= last; sequence++) {
      MirrorId newest = mirror(sequence);
      freshness.mirrored(newest.sequence(), () -> newest);
    }
  }

  private static MirrorId mirror(int sequence) {
    return MirrorId.of(sequence, new byte[32]);
  }
}
