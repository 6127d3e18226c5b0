package plinius.exchange.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

final class OutlineTest {
  private static final String TWO_CONVOLUTIONS =
      """
      [net]
      batch=2
      height=8
      width=8
      channels=3
      [convolutional]
      filters=32
      size=3
      pad=1
      [convolutional]
      filters=10
      size=1
      """;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void an_array_that_a_longer_one_replaces_is_no_longer_counted(boolean withState) {
    CfgFile cfg = Cfg.parse("[net]\nbatch=2\ninputs=1\n[softmax]\n", "net.cfg", Map.of());
    try (Workers workers = new Workers(1)) {
      Outline outline =
          new Outline(cfg.net(), new NetworkOptions(Kernels.best(), workers, 1, true), withState);
      outline.activations(10);
      outline.activations(20);
      assertThat(outline.activationBytes()).isEqualTo(2 * 4 * 30);
      for (int time = 0; time < 2; time++) {
        outline.rewind();
        outline.activations(20);
        outline.activations(10);
        assertThat(outline.activationBytes()).isEqualTo(2 * 4 * 40);
      }
    }
  }

  @Test
  void prepared_weights_are_counted_for_each_layer_of_a_network_that_only_predicts() {
    CfgFile cfg = Cfg.parse(TWO_CONVOLUTIONS, "net.cfg", Map.of());
    long first = ConvPlan.preparedFloats(new ConvShape(8, 8, 3, 32, 3, 1, 1, 1));
    long second = ConvPlan.preparedFloats(new ConvShape(8, 8, 32, 10, 1, 1, 0, 1));
    try (Workers workers = new Workers(1)) {
      NetworkOptions predicting = new NetworkOptions(Kernels.best(), workers, 1, false);
      Network network = Outline.network(cfg, predicting, false);

      assertThat(((Outline) network.storage()).scratchBytes()).isEqualTo(4 * (first + second));
    }
  }
}
