package plinius.exchange.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

final class OutlineTest {
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
}
