package plinius.darknet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgException;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.layer.Storage;
import plinius.kernel.CounterRandom;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/** Detectors whose images have another size every ten iterations. */
final class SizesTest {
  /** Layers that see each other across sizes; at 96 pixels, images have 64, 96 or 128. */
  private static final String DETECTOR =
      """
      [net]
      batch=4
      subdivisions=2
      height=96
      width=96
      channels=3
      learning_rate=.00005
      max_batches=1000
      [convolutional]
      batch_normalize=1
      filters=6
      size=3
      stride=2
      pad=1
      activation=leaky
      [maxpool]
      size=2
      stride=2
      [convolutional]
      filters=6
      size=1
      activation=linear
      [shortcut]
      from=-2
      activation=leaky
      [maxpool]
      size=2
      stride=2
      [upsample]
      stride=2
      [route]
      layers=-1,3
      [reorg]
      stride=2
      [convolutional]
      filters=14
      size=1
      activation=linear
      [yolo]
      mask=0,1
      anchors=20,20, 40,40
      num=2
      classes=2
      random=1
      """;

  private final Workers workers = new Workers(2);

  @AfterEach
  void end() {
    workers.close();
  }

  private static CfgFile cfg(String text) {
    return Cfg.parse(text, "test.cfg", Map.of());
  }

  private Network build(String text) {
    return TestNetworks.build(text, Kernels.best(), workers, 3);
  }

  /** A white square on noise, and where it is. */
  private static BatchLoader loader(Network net) {
    return (position, images, input, truth) -> {
      int side = net.batchWidth();
      int values = net.batchHeight() * side * 3;
      for (int i = 0; i < images; i++) {
        Random random = new Random(position + i);
        int at = random.nextInt(side / 2);
        for (int j = 0; j < values; j++) {
          boolean white = j / 3 % side / (side / 4) == at / (side / 4);
          input[i * values + j] = white ? 1 : random.nextFloat() / 2;
        }
        Arrays.fill(truth, i * net.truths(), (i + 1) * net.truths(), 0);
        float[] box = {(at + side / 8f) / side, .5f, .25f, .9f, random.nextInt(2)};
        System.arraycopy(box, 0, truth, i * net.truths(), box.length);
      }
    };
  }

  private static void train(Network net, int iterations) {
    for (int i = 0; i < iterations; i++) {
      net.trainIteration(loader(net));
    }
  }

  private static float[] block(Network net) {
    return net.state().getFirst().block().clone();
  }

  @Test
  void sizes_are_those_of_the_original_and_change_every_ten_iterations() {
    for (int width : new int[] {320, 416, 608}) {
      Sizes sizes = sizes(width, 100_000);
      TreeSet<Integer> seen = new TreeSet<>();
      for (int i = 0; i < 5000; i++) {
        seen.add(side(sizes, i));
        assertThat(side(sizes, i)).isEqualTo(side(sizes, i - i % 10));
      }
      assertThat(seen).containsExactly(320, 352, 384, 416, 448, 480, 512, 544, 576, 608);
      assertThat(side(sizes, 99_800)).isIn(seen);
      for (int i = 99_801; i < 100_000; i++) {
        assertThat(side(sizes, i)).isEqualTo(608);
      }
    }
    assertThat(sizes(96, 0)).isEqualTo(new Sizes(64, 128, 0));
    assertThat(sizes(32, 0)).isEqualTo(new Sizes(32, 32, 0));
  }

  private static Sizes sizes(int width, int end) {
    String text = DETECTOR.replace("width=96", "width=" + width).replace("=1000", "=" + end);
    return Sizes.of(cfg(text)).orElseThrow();
  }

  private static int side(Sizes sizes, long iteration) {
    return sizes.side(iteration, new CounterRandom(3));
  }

  @Test
  void a_detector_goes_on_bit_for_bit_from_within_a_size() {
    Network undisturbed = build(DETECTOR);
    train(undisturbed, 13);
    Network resumed = build(DETECTOR);
    resumed.takeOver(undisturbed);
    resumed.setAverageLoss(undisturbed.averageLoss());
    TreeSet<Integer> sides = new TreeSet<>();
    for (int i = 13; i < 43; i++) {
      sides.add(undisturbed.batchHeight());
      train(undisturbed, 1);
      train(resumed, 1);
      assertThat(block(resumed)).as("iteration %d", i).isEqualTo(block(undisturbed));
    }
    TestNetworks.assertFinite(undisturbed);
    assertThat(resumed.averageLoss()).isEqualTo(undisturbed.averageLoss());
    assertThat(sides).as("sizes that it had").hasSizeGreaterThan(1);
  }

  @Test
  void an_iteration_is_that_of_a_network_made_for_its_size() {
    Network resized = build(DETECTOR);
    for (int i = 0; i < 30; i += 10) {
      String side = Integer.toString(resized.batchHeight());
      Network made = build(DETECTOR.replace("=96", "=" + side).replace("random=1", "random=0"));
      made.takeOver(resized);
      made.trainIteration(loader(made));
      train(resized, 1);
      assertThat(block(resized)).as("at %s pixels", side).isEqualTo(block(made));
      train(resized, 9);
    }
    TestNetworks.assertFinite(resized);
  }

  @Test
  void predictions_are_made_at_the_networks_own_size() {
    Network resized = build(DETECTOR);
    train(resized, 21);
    Network own = build(DETECTOR.replace("random=1", "random=0"));
    own.takeOver(resized);
    float[] images = new float[3 * own.inputs()];
    loader(own).load(77, 3, images, new float[3 * own.truths()]);

    TestNetworks.assertFinite(resized);
    assertThat(resized.inputs()).isEqualTo(96 * 96 * 3);
    assertThat(resized.predict(images, 3)).isEqualTo(own.predict(images, 3));
    train(resized, 1);
    assertThat(resized.iteration()).isEqualTo(22);
  }

  @Test
  void an_array_that_a_longer_one_replaces_is_no_longer_counted() {
    CfgFile cfg = cfg("[net]\nbatch=2\ninputs=1\n[softmax]\n");
    NetworkOptions options = new NetworkOptions(Kernels.best(), workers, 1, true);
    Storage storage = new Storage(cfg.net(), options);
    storage.activations(10);
    storage.activations(20);
    assertThat(storage.activationBytes()).isEqualTo(2 * 4 * 30);
    for (int time = 0; time < 2; time++) {
      storage.rewind();
      storage.activations(20);
      storage.activations(10);
      assertThat(storage.activationBytes()).isEqualTo(2 * 4 * 40);
    }
  }

  @Test
  void a_size_that_no_network_can_be_made_for_is_refused_before_it_is_drawn() {
    // Images have 64, 96 or 128 pixels; it is the smallest alone that cannot be cropped.
    String crop = DETECTOR.replaceFirst("\\[conv", "[crop]\ncrop_height=80\ncrop_width=80\n[conv");

    assertThatThrownBy(() -> build(crop))
        .isInstanceOf(CfgException.class)
        .hasMessageContaining("test.cfg:9: [crop] asks for 80x80 of an image of 64x64x3");
  }

  @Test
  void an_image_of_the_largest_size_has_its_memory_from_the_beginning() {
    CfgFile cfg = cfg(DETECTOR);
    NetworkOptions options = new NetworkOptions(Kernels.best(), workers, 3, true);
    Storage storage = new Storage(cfg.net(), options);
    Network net = Network.over(storage, cfg, options).initialise();
    float[] input = net.input;
    long bytes = storage.activationBytes();
    TreeSet<Integer> sides = new TreeSet<>();
    for (int i = 0; i < 50; i++) {
      sides.add(net.batchWidth());
      train(net, 1);
    }

    assertThat(sides).contains(128);
    assertThat(net.input).isSameAs(input);
    assertThat(storage.activationBytes()).isEqualTo(bytes);
  }

  @Test
  void a_layer_whose_weights_depend_on_the_size_is_refused_by_name() {
    String local = DETECTOR.replaceFirst("\\[maxpool]", "[local]\nfilters=2\n[maxpool]");
    assertThatThrownBy(() -> build(local))
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("1.local")
        .hasMessageContaining("random=1");
  }
}
