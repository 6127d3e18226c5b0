package plinius.darknet;

import java.util.Map;
import java.util.Random;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.layer.Layers;
import plinius.darknet.layer.Storage;
import plinius.kernel.Draws;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/** Small networks and data for tests. */
final class TestNetworks {
  /** Every layer of this version, at an awkward size. */
  static final String EVERYTHING =
      """
      [net]
      batch=22
      subdivisions=2
      height=9
      width=7
      channels=3
      learning_rate=.05
      momentum=.9
      decay=.0005
      policy=poly
      max_batches=100
      burn_in=2
      [convolutional]
      batch_normalize=1
      filters=10
      size=3
      pad=1
      activation=leaky
      [maxpool]
      size=2
      stride=2
      [convolutional]
      filters=12
      size=3
      pad=1
      groups=2
      activation=elu
      [batchnorm]
      [activation]
      activation=tanh
      [dropout]
      probability=.3
      [connected]
      output=17
      batch_normalize=1
      activation=relu
      [connected]
      output=20
      activation=linear
      [convolutional]
      filters=5
      activation=logistic
      [avgpool]
      [softmax]
      """;

  private TestNetworks() {}

  /** A chain: most of its outputs are not kept, and its deltas share memory. */
  static final String CHAIN =
      """
      [net]
      batch=11
      subdivisions=1
      height=10
      width=9
      channels=2
      learning_rate=0.05
      momentum=0.9
      decay=0.001

      [convolutional]
      batch_normalize=1
      filters=32
      size=3
      stride=1
      pad=1
      activation=leaky

      [convolutional]
      batch_normalize=1
      filters=32
      size=3
      stride=1
      pad=1
      activation=leaky

      [convolutional]
      batch_normalize=1
      filters=32
      size=3
      stride=1
      pad=1
      activation=leaky

      [maxpool]
      size=2
      stride=2

      [convolutional]
      batch_normalize=1
      filters=20
      size=3
      stride=2
      pad=1
      activation=relu

      [convolutional]
      filters=12
      size=1
      stride=1
      activation=logistic

      [dropout]
      probability=0.5

      [connected]
      batch_normalize=1
      output=9
      activation=tanh

      [connected]
      output=5
      activation=linear

      [softmax]
      """;

  static Network build(String cfg, Kernels kernels, Workers workers, long seed) {
    return Network.build(
        Cfg.parse(cfg, "test.cfg", Map.of()), new NetworkOptions(kernels, workers, seed, true));
  }

  /** A network with all outputs and deltas kept, if its layers are, and whoever's draws. */
  static Network inspected(CfgFile cfg, NetworkOptions options, Draws draws, Layers.Maker maker) {
    Storage storage = new Storage(cfg.net(), options);
    Network network = new Network(cfg, options, storage, draws, maker).initialise();
    network.inputDelta = new float[network.input.length];
    return network;
  }

  /** Bits that are equal and no numbers prove nothing. */
  static void assertFinite(Network network) {
    for (float value : network.state().getFirst().block()) {
      if (!Float.isFinite(value)) {
        throw new AssertionError("a parameter is " + value);
      }
    }
  }

  /** Images whose class shows in their brightness; the same for the same position. */
  static BatchLoader loader(Network network) {
    return (position, images, input, truth) -> {
      for (int i = 0; i < images; i++) {
        Random random = new Random(position + i);
        int label = random.nextInt(network.truths());
        for (int j = 0; j < network.inputs(); j++) {
          input[i * network.inputs() + j] = random.nextFloat() + .2f * label;
        }
        for (int j = 0; j < network.truths(); j++) {
          truth[i * network.truths() + j] = j == label ? 1 : 0;
        }
      }
    };
  }
}
