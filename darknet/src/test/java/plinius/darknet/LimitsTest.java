package plinius.darknet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgException;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.cfg.Section;
import plinius.darknet.layer.ShapesOnly;
import plinius.darknet.layer.Storage;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/** What no array or heap holds is refused by name while a network is made. */
final class LimitsTest {
  private final Workers workers = new Workers(1);

  @AfterEach
  void end() {
    workers.close();
  }

  private NetworkOptions options(boolean training) {
    return new NetworkOptions(Kernels.best(), workers, 1, training);
  }

  private static CfgFile cfg(String text) {
    return Cfg.parse(text, "test.cfg", Map.of());
  }

  /** The network of a text with commas between its lines, without its memory. */
  private Network shapes(String lines, boolean training) {
    CfgFile cfg = cfg(lines.replaceAll(", *", "\n"));
    NetworkOptions options = options(training);
    return Network.over(new ShapesOnly(cfg.net(), options), cfg, options);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          [net], inputs=134217728, [connected], output=1 | [connected] | weights in blocks of 32
          [net], height=2, width=2, channels=1, [crnn], hidden_filters=16384 | [crnn] | weights of 2415919104 values
          [net], height=8192, width=8192, channels=1, [conv], filters=64 | [convolutional] | output of 4294967296 values
          [net], height=9000, width=9000, channels=1, [upsample], stride=5, [maxpool], size=1, padding=2048 | [maxpool] | output of 2213514304 values
          """)
  void a_layer_is_refused_by_what_no_array_holds(String lines, String layer, String what) {
    for (boolean training : new boolean[] {false, true}) {
      assertThatThrownBy(() -> shapes(lines + ", [softmax]", training))
          .isInstanceOf(CfgException.class)
          .hasMessageStartingWith("test.cfg:")
          .hasMessageContaining(layer)
          .hasMessageContaining(what);
    }
  }

  @Test
  void a_large_image_may_become_a_small_one_of_many_channels() {
    String lines =
        "[net], height=4096, width=4096, channels=3, [conv], filters=128, size=3, stride=32, pad=1";

    assertThat(shapes(lines, false).outputs()).isEqualTo(128 * 128 * 128);
  }

  /** Knows what it has taken from the heap. */
  private static final class Counting extends Storage {
    long taken;

    Counting(Section net, NetworkOptions options) {
      super(net, options);
    }

    @Override
    protected float[] floats(long count) {
      taken += Float.BYTES * count;
      return super.floats(count);
    }

    @Override
    protected int[] ints(long count) {
      taken += Integer.BYTES * count;
      return super.ints(count);
    }

    @Override
    protected float[] state(long count) {
      taken += Float.BYTES * count;
      return super.state(count);
    }

    /** What the limit is for. */
    long counted() {
      return heapBytes();
    }
  }

  private static final String RECURRENT =
      """
      [net]
      batch=6
      time_steps=3
      height=4
      width=4
      channels=2
      [crnn]
      hidden_filters=32
      output_filters=32
      batch_normalize=1
      [rnn]
      output=5
      [gru]
      output=7
      [lstm]
      output=4
      [softmax]
      """;

  @ParameterizedTest
  @ValueSource(strings = {TestNetworks.EVERYTHING, TestNetworks.CHAIN, RECURRENT})
  void all_that_training_takes_from_the_heap_is_counted_before(String text) {
    Counting storage = new Counting(cfg(text).net(), options(true));
    Network net = Network.over(storage, cfg(text), options(true));
    long counted = storage.counted();

    net.trainIteration(TestNetworks.loader(net));

    assertThat(storage.taken).isEqualTo(counted).isEqualTo(storage.counted());
  }

  @ParameterizedTest
  @ValueSource(strings = {TestNetworks.EVERYTHING, TestNetworks.CHAIN, RECURRENT})
  void prepared_weights_are_counted_at_once_and_taken_when_something_is_predicted(String text) {
    Counting storage = new Counting(cfg(text).net(), options(false));
    Network net = Network.over(storage, cfg(text), options(false));
    long counted = storage.counted();
    assertThat(counted - storage.taken).isEqualTo(storage.scratchBytes()).isPositive();

    for (int time = 0; time < 2; time++) {
      net.predict(new float[net.subBatch() * net.inputs()], net.subBatch());

      assertThat(storage.taken).isEqualTo(counted).isEqualTo(storage.counted());
    }
  }

  @Test
  void a_network_is_refused_whose_scratch_alone_is_too_much_for_the_heap() {
    // Weights and updates take half of the heap, their partial sums and prepared weights another.
    long weights = Runtime.getRuntime().maxMemory() / 16;
    assumeTrue(weights <= 1 << 29, "a layer of half of the heap is too large for any");
    CfgFile cfg = cfg("[net]\ninputs=" + weights / 32 + "\n[connected]\noutput=32\n[softmax]\n");

    assertThatThrownBy(() -> Network.build(cfg, options(true)))
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("give the process more memory");
  }
}
