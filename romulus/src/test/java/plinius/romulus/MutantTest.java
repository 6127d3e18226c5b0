package plinius.romulus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.testkit.OrderingSites;

/** Whether the crash tests would notice: every mutant of the pool is killed. */
@ParameterizedClass
@EnumSource(Protocol.class)
class MutantTest {
  @Parameter Protocol protocol;

  @Test
  void the_pool_without_a_mistake_is_not_blamed() {
    assertThatCode(() -> Scenarios.of(protocol).all(Mutant.LIMIT)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @EnumSource(Mutant.class)
  void a_known_mistake_is_noticed(Mutant mutant) {
    assertThatThrownBy(() -> mutant.crash(protocol))
        .isInstanceOfAny(AssertionError.class, PoolException.class);
  }

  @Test
  void every_flush_and_every_fence_is_needed() {
    OrderingSites all = new OrderingSites(Pool.class);
    new Scenarios(protocol, all::noting).all(Mutant.LIMIT);
    List<String> survivors = all.met().parallelStream().filter(this::survivesWithout).toList();
    assertThat(all.met()).hasSizeGreaterThan(12);
    assertThat(survivors).as("of %s", all.met()).isEmpty();
  }

  private boolean survivesWithout(String place) {
    OrderingSites mutant = new OrderingSites(Pool.class);
    try {
      new Scenarios(protocol, memory -> mutant.dropping(memory, place::equals))
          .all(Mutant.LIMIT, () -> mutant.met().contains(place));
      return true;
    } catch (AssertionError | PoolException noticed) {
      return false;
    }
  }
}
