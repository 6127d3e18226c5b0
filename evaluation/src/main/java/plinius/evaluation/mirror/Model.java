package plinius.evaluation.mirror;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import plinius.enclave.mirror.MirrorTerms;
import plinius.enclave.mirror.MirroredTensor;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;

/**
 * Parameters of a made-up model: layers of 256 convolutions of 3 x 3 over 256 channels, with the
 * four small tensors that the paper's layers have too.
 *
 * @param block all values
 * @param tensors ranges of it
 */
@SuppressWarnings("ArrayRecordComponent") // the block is shared on purpose
record Model(float[] block, List<MirroredTensor> tensors) {
  private static final int FILTERS = 256;
  private static final int WEIGHTS = FILTERS * FILTERS * 9;
  private static final List<String> SMALL =
      List.of("biases", "scales", "rolling_mean", "rolling_variance");

  /** A model of about so many megabytes (1e6 bytes) with drawn values. */
  static Model of(double megabytes, long seed) {
    Model model = shaped(megabytes);
    Random random = new Random(seed);
    for (int i = 0; i < model.block.length; i++) {
      model.block[i] = random.nextFloat() - 0.5f;
    }
    return model;
  }

  /** The same model, all zeros. */
  static Model shaped(double megabytes) {
    float[] block = new float[Math.toIntExact(Math.round(megabytes * 1e6 / Float.BYTES))];
    List<MirroredTensor> tensors = new ArrayList<>();
    int at = 0;
    for (int layer = 0; at < block.length; layer++) {
      int weights = Math.min(WEIGHTS, Math.max(1, block.length - at - 4 * FILTERS));
      tensors.add(
          new MirroredTensor(
              layer + ".convolutional.weights", new int[] {weights}, block, at, weights));
      at += weights;
      for (String name : SMALL) {
        int some = Math.min(FILTERS, block.length - at);
        if (some > 0) {
          tensors.add(
              new MirroredTensor(
                  layer + ".convolutional." + name, new int[] {some}, block, at, some));
          at += some;
        }
      }
    }
    return new Model(block, tensors);
  }

  long bytes() {
    return 4L * block.length;
  }

  /** What a mirror of it is bound to, under a key that the caller knows. */
  static MirrorTerms terms(SecretBytes key) {
    return new MirrorTerms(
        new Id128(1, 2), new Id128(3, 4), key, 1, "[net]\n", 1, "plan", 8, false, key);
  }
}
