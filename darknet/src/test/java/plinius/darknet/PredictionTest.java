package plinius.darknet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import plinius.darknet.cfg.Cfg;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/** Networks that were built to predict alone. */
final class PredictionTest {
  private static final String INNER_TRUTH =
      """
      [net]
      batch=2
      height=2
      width=2
      channels=12
      [convolutional]
      filters=12
      activation=linear
      truth=1
      [convolutional]
      filters=12
      activation=linear
      """;

  private final Workers workers = new Workers(2);

  @AfterEach
  void end() {
    workers.close();
  }

  private Network build(String cfg, boolean training) {
    NetworkOptions options = new NetworkOptions(Kernels.best(), workers, 1, training);
    return Network.build(Cfg.parse(cfg, "test.cfg", Map.of()), options);
  }

  private static float[] images(Network net, int count) {
    float[] images = new float[count * net.inputs()];
    for (int i = 0; i < images.length; i++) {
      images[i] = i * 7919 % 1000 / 1000f;
    }
    return images;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[softmax]",
        "[cost]",
        "[logistic]",
        "[region]\nclasses=1\nnum=2",
        "[yolo]\nclasses=1\nnum=2\nmask=0,1",
      })
  void a_layer_whose_truth_another_layer_makes_predicts_without_any(String comparing) {
    Network net = build(INNER_TRUTH + comparing + "\n", false);
    Network plain = build(INNER_TRUTH.replace("truth=1", "") + comparing + "\n", false);
    float[] images = images(net, 3);

    assertThat(net.predict(images, 3)).containsExactly(plain.predict(images, 3));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 2, Integer.MAX_VALUE})
  void a_stream_that_there_is_not_cannot_begin_anew(int stream) {
    String cfg =
        "[net]\nbatch=2\ntime_steps=3\ninputs=1\n[gru]\noutput=4\n[connected]\n[softmax]\n";
    Network net = build(cfg, true);
    float[] before = net.state().getFirst().block().clone();

    assertThatThrownBy(() -> net.resetState(stream)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(net.state().getFirst().block()).isEqualTo(before);
  }

  @Test
  void built_to_train_it_says_how_far_off_it_is_as_the_original_does() {
    Network net = build(INNER_TRUTH + "[cost]\n", true);
    float[] images = images(net, 2);

    net.predict(images, 2);

    assertThat(net.layers().get(2).output())
        .as("the loss of each value: the two convolutions differ")
        .doesNotContain(0f);
  }
}
