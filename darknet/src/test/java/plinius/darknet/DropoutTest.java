package plinius.darknet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.layer.Layers;
import plinius.darknet.layer.Storage;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/** What is dropped is 0 whatever it was, and what is kept is scaled up, to the bit. */
final class DropoutTest {
  private static final float BELOW = Math.nextDown(.25f);
  private static final float INFINITY = Float.POSITIVE_INFINITY;

  private static void check(String probability, float[] draws, float[] values, float... expected) {
    String text =
        "[net]\ninputs=%d\n[dropout]\nprobability=%s\n[cost]\n"
            .formatted(draws.length, probability);
    CfgFile cfg = Cfg.parse(text, "dropout.cfg", Map.of());
    try (Workers workers = new Workers(1)) {
      NetworkOptions options = new NetworkOptions(Kernels.best(), workers, 1, true);
      Storage storage = new Storage(cfg.net(), options);
      Network net =
          new Network(cfg, options, storage, (_, _, index) -> draws[(int) index], Layers::new);
      net.inputDelta = new float[draws.length];
      float[] output = net.layers().getFirst().output();

      System.arraycopy(values, 0, net.input, 0, values.length);
      net.forwardBackward();
      assertThat(bits(output)).as("forward").isEqualTo(bits(expected));

      // Where the output is 0, the truth is the delta.
      Arrays.fill(net.input, 0);
      System.arraycopy(values, 0, net.truth, 0, values.length);
      net.setSeen(0);
      net.forwardBackward();
      for (int i = 0; i < expected.length; i++) {
        expected[i] += 0f; // added to 0
      }
      assertThat(bits(net.inputDelta)).as("back").isEqualTo(bits(expected));
    }
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    Arrays.setAll(bits, i -> Float.floatToIntBits(values[i]));
    return bits;
  }

  @Test
  void what_is_dropped_is_zero_even_if_it_was_infinite_or_no_number() {
    float[] draws = {0, Float.MIN_VALUE, BELOW, 0, BELOW, .1f};
    float[] values = {3, -0f, -INFINITY, INFINITY, Float.NaN, -3};

    check(".25", draws, values, new float[6]);
  }

  @Test
  void what_is_drawn_at_the_probability_or_above_is_kept_and_scaled() {
    float[] draws = {.25f, Math.nextUp(.25f), .5f, Math.nextDown(1f), .25f, .7f};
    float[] values = {3, -0f, -INFINITY, INFINITY, Float.NaN, Float.MIN_VALUE};

    check(".25", draws, values, 4, -0f, -INFINITY, INFINITY, Float.NaN, Float.MIN_VALUE);
  }

  @Test
  void with_no_probability_all_is_kept_as_it_is() {
    float[] values = {3, -INFINITY, Float.MIN_VALUE};

    check("0", new float[] {0, 0, .5f}, values, values.clone());
  }
}
