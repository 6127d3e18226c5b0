package plinius.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.kernel.Activation;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.CounterRandom;
import plinius.kernel.Kernels;
import plinius.kernel.PoolShape;

/** The reference against definitions that share no code with it. */
class ScalarKernelsTest {
  private final Kernels kernels = new ScalarKernels();
  private final CounterRandom random = new CounterRandom(7);
  private int drawn;

  @ParameterizedTest
  @CsvSource({
    "5,6,3,4,3,1,1,1",
    "6,5,4,6,3,2,1,2",
    "4,4,2,3,1,1,0,1",
    "7,7,2,2,5,3,2,1",
    "5,4,2,3,1,2,0,1",
    "6,7,32,32,3,1,1,1",
    "9,6,32,64,3,1,0,1",
  })
  void convolution_is_the_sum_over_its_window(
      int h, int w, int c, int filters, int size, int stride, int pad, int groups) {
    ConvShape s = new ConvShape(h, w, c, filters, size, stride, pad, groups);
    float[] x = some(s.inputs());
    float[] weights = some(s.weights());
    float[] y = new float[s.outputs()];
    float[] prepared = new float[ConvPlan.preparedFloats(s)];

    kernels.prepareForward(s, weights, 0, prepared);
    kernels.convForward(s, x, 0, prepared, y, 0, 0, 1);

    double[] expected = new double[y.length];
    products(s, (i, j, k) -> expected[i] += (double) x[j] * weights[k]);
    assertClose(s, y, expected);
  }

  @ParameterizedTest
  @CsvSource({
    "5,6,3,4,3,1,1,1",
    "6,5,4,6,3,2,1,2",
    "4,4,2,3,1,1,0,1",
    "7,7,2,2,5,3,2,1",
    "5,4,2,3,1,2,0,1",
    "6,7,32,32,3,1,1,1",
    "9,6,32,64,3,1,0,1",
  })
  void backward_convolutions_are_the_derivatives_of_the_forward_one(
      int h, int w, int c, int filters, int size, int stride, int pad, int groups) {
    ConvShape s = new ConvShape(h, w, c, filters, size, stride, pad, groups);
    float[] x = some(s.inputs());
    float[] weights = some(s.weights());
    float[] delta = some(s.outputs());
    float[] prepared = new float[ConvPlan.preparedFloats(s)];
    float[] xDelta = new float[s.inputs()];
    float[] updates = new float[s.weights()];

    kernels.prepareBackward(s, weights, 0, prepared);
    kernels.convBackwardData(s, delta, 0, prepared, xDelta, 0, 0, 1);
    kernels.convBackwardWeights(s, x, 0, delta, 0, updates, 0, 0, 1);

    double[] expected = new double[x.length];
    double[] expectedUpdates = new double[weights.length];
    products(
        s,
        (i, j, k) -> {
          expected[j] += (double) delta[i] * weights[k];
          expectedUpdates[k] += (double) delta[i] * x[j];
        });
    assertClose(s, xDelta, expected);
    assertClose(s, updates, expectedUpdates);
  }

  /**
   * Relative to the largest value. A sum of n rounded products of unit size is off by about sqrt(n)
   * / 2^24; Winograd's transforms multiply that by the norms of their matrices, some hundred in two
   * dimensions (measured: 7e-6 forward, 2e-6 for the weights).
   */
  private static void assertClose(ConvShape s, float[] actual, double[] expected) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    double tolerance = ConvPlan.of(s) == ConvPlan.WINOGRAD ? 1e-5 : 1e-6;
    for (int i = 0; i < actual.length; i++) {
      assertThat((double) actual[i])
          .as("value %d", i)
          .isCloseTo(expected[i], within(tolerance * largest));
    }
  }

  @Test
  void maximum_pooling_takes_the_first_of_equals_and_knows_empty_windows() {
    PoolShape s = new PoolShape(2, 2, 1, 2, 2, 2, 2, 0);
    float[] y = new float[4];
    int[] indexes = new int[4];

    kernels.maxpoolForward(s, new float[] {3, 5, 5, 1}, 0, y, 0, indexes, 0, 0, 1);

    assertThat(y).containsExactly(5, -Float.MAX_VALUE, -Float.MAX_VALUE, -Float.MAX_VALUE);
    assertThat(indexes).containsExactly(1, -1, -1, -1);

    float[] xDelta = {1, 1, 1, 1};
    kernels.maxpoolBackward(s, new float[] {2, 9, 9, 9}, 0, indexes, 0, xDelta, 0, 0, 1);
    assertThat(xDelta).containsExactly(1, 3, 1, 1);
  }

  @Test
  void a_step_of_descent_has_the_order_of_the_original() {
    float[] weights = {2};
    float[] updates = {1};

    kernels.sgd(0.5f, 0.25f, 0.75f, weights, 0, updates, 0, 1);

    assertThat(weights).containsExactly(2.25f);
    assertThat(updates).containsExactly(0.375f);
  }

  @ParameterizedTest
  @EnumSource
  void gradients_are_the_slopes_of_their_activations(Activation activation) {
    for (float x : new float[] {-5.3f, -1.7f, -0.4f, 0.3f, 0.7f, 1.6f, 4.4f}) {
      float y = activation.apply(x);
      double slope = (activation.apply(x + 0.01f) - activation.apply(x - 0.01f)) / 0.02;

      if (activation == Activation.STAIR || (activation == Activation.PLSE && x < -4)) {
        continue; // Darknet's own formulas: compared with its output in module darknet
      }
      assertThat((double) activation.gradient(y)).as("at " + x).isCloseTo(slope, within(0.01));
    }
  }

  @Test
  void shapes_without_meaning_are_refused() {
    assertThatThrownBy(() -> new ConvShape(3, 3, 1, 1, 5, 1, 0, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ConvShape(3, 3, 3, 4, 1, 1, 0, 2))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ConvShape(40_000, 40_000, 64, 64, 3, 1, 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** Output i is the sum of the products of input j and weight k. */
  private interface Product {
    void at(int i, int j, int k);
  }

  private static void products(ConvShape s, Product product) {
    for (int i = 0; i < s.outputs(); i++) {
      int f = i % s.filters();
      int ow = i / s.filters() % s.outW();
      int oh = i / s.filters() / s.outW();
      for (int tap = 0; tap < s.size() * s.size(); tap++) {
        int ih = oh * s.stride() - s.pad() + tap / s.size();
        int iw = ow * s.stride() - s.pad() + tap % s.size();
        if (ih < 0 || ih >= s.h() || iw < 0 || iw >= s.w()) {
          continue;
        }
        for (int c = 0; c < s.groupChannels(); c++) {
          int channel = f / s.groupFilters() * s.groupChannels() + c;
          product.at(
              i,
              (ih * s.w() + iw) * s.c() + channel,
              (tap * s.groupChannels() + c) * s.filters() + f);
        }
      }
    }
  }

  private float[] some(int count) {
    float[] array = new float[count];
    drawn++;
    for (int i = 0; i < count; i++) {
      array[i] = 2 * random.uniform(1, drawn, i) - 1;
    }
    return array;
  }
}
