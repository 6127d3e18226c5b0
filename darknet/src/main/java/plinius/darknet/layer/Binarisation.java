package plinius.darknet.layer;

import java.util.Optional;
import plinius.kernel.ConvShape;

/**
 * Convolutions with weights of one size for each filter, its weights' mean, and with xnor inputs of
 * +-1 (darknet convolutional_layer.c binarize_weights, binarize_cpu at f6afaab). As in the CUDA
 * sources, backward uses the same values, straight through.
 *
 * @param weights (size, size, channels / groups, filters)
 * @param input (batch, h, w, c); empty unless xnor
 */
@SuppressWarnings("ArrayRecordComponent") // its own
record Binarisation(ConvShape shape, float[] weights, float[] input) {
  static Optional<Binarisation> of(Site site, ConvShape shape) {
    boolean xnor = site.section().flag("xnor");
    if (!xnor && !site.section().flag("binary")) {
      return Optional.empty();
    }
    float[] input = xnor ? site.storage().activations(shape.inputs()) : Pass.NOTHING;
    return Optional.of(new Binarisation(shape, new float[shape.weights()], input));
  }

  float[] weights(Storage storage, Parameter plain) {
    float[] block = storage.block();
    int n = shape.filters();
    int perFilter = shape.weights() / n;
    for (int filter = 0; filter < n; filter++) {
      float mean = 0;
      for (int i = filter; i < shape.weights(); i += n) {
        mean += Math.abs(block[plain.at() + i]);
      }
      mean /= perFilter;
      for (int i = filter; i < shape.weights(); i += n) {
        weights[i] = block[plain.at() + i] > 0 ? mean : -mean;
      }
    }
    return weights;
  }

  float[] input(Pass pass, float[] image) {
    if (input.length == 0) {
      return image;
    }
    for (int i = 0; i < pass.images * shape.inputs(); i++) {
      input[i] = image[i] > 0 ? 1 : -1;
    }
    return input;
  }
}
