package plinius.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CounterRandomTest {

  /** Random123, kat_vectors, philox4x32 10. */
  @Test
  void philox_gives_the_known_answers() {
    assertThat(CounterRandom.philox(0, 0, 0, 0, 0, 0))
        .containsExactly(0x6627e8d5L, 0xe169c58dL, 0xbc57ac4cL, 0x9b00dbd8L);
    assertThat(CounterRandom.philox(-1, -1, -1, -1, -1, -1))
        .containsExactly(0x408f276dL, 0x41c83b0eL, 0xa20bc7c6L, 0x6d5451fdL);
    assertThat(
            CounterRandom.philox(
                0xa4093822, 0x299f31d0, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344))
        .containsExactly(0xd16cfe09L, 0x94fdccebL, 0x5001e420L, 0x24126ea1L);
  }

  @Test
  void numbers_depend_on_seed_purpose_iteration_and_index() {
    CounterRandom random = new CounterRandom(5);
    float number = random.uniform(1, 2, 3);

    assertThat(new CounterRandom(5).uniform(1, 2, 3)).isEqualTo(number);
    assertThat(new CounterRandom(6).uniform(1, 2, 3)).isNotEqualTo(number);
    assertThat(random.uniform(2, 2, 3)).isNotEqualTo(number);
    assertThat(random.uniform(1, 3, 3)).isNotEqualTo(number);
    assertThat(random.uniform(1, 2, 4)).isNotEqualTo(number);
  }

  @Test
  void many_numbers_at_once_are_those_of_each_index() {
    CounterRandom random = new CounterRandom(9);
    for (int first = 0; first < 3; first++) {
      for (int count = 0; count < 6; count++) {
        float[] some = new float[count + 2];
        random.uniforms(7, 3, first, some, 1, count);
        assertThat(some[0] + some[count + 1]).isZero();
        for (int i = 0; i < count; i++) {
          assertThat(some[1 + i]).isEqualTo(random.uniform(7, 3, first + i));
        }
      }
    }
  }

  @Test
  void uniform_and_normal_numbers_have_their_moments() {
    CounterRandom random = new CounterRandom(1);
    int count = 100_000;
    double sum = 0;
    double normalSum = 0;
    double normalSquares = 0;
    for (int i = 0; i < count; i++) {
      float uniform = random.uniform(1, 0, i);
      assertThat(uniform >= 0 && uniform < 1).isTrue();
      float normal = random.normal(2, 0, i);
      sum += uniform;
      normalSum += normal;
      normalSquares += normal * normal;
    }

    assertThat(sum / count).isBetween(0.497, 0.503);
    assertThat(normalSum / count).isBetween(-0.015, 0.015);
    assertThat(normalSquares / count).isBetween(0.98, 1.02);
  }
}
