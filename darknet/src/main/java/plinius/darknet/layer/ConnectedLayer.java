package plinius.darknet.layer;

import plinius.kernel.Activation;
import plinius.kernel.ConvShape;
import plinius.kernel.CounterRandom;

/**
 * Fully connected: the convolution of a 1 x 1 image (darknet connected_layer.c at f6afaab). Weights
 * are (inputs, outputs), outputs contiguous; Darknet has (outputs, inputs). After an image the rows
 * are in our (h, w, c) order, so that nothing has to be reordered while training; .weights files
 * are in Darknet's (c, h, w).
 */
final class ConnectedLayer extends WeightedLayer {
  ConnectedLayer(Site site) {
    this(site, site.section().integer("output"), site.activation());
  }

  /** A connected layer within another layer. */
  ConnectedLayer(Site site, int outputs, Activation activation) {
    int inputs = site.in().count();
    if ((long) inputs * outputs > 1 << 29) {
      throw site.section()
          .refuse("output", "makes more than 2^29 weights with " + site.in() + " inputs.");
    }
    ConvShape product = ConvShape.connected(inputs, outputs);
    super(site, new Shape(1, 1, outputs, true), activation, product, inputs, outputs);
  }

  @Override
  public boolean inBlocks() {
    return true;
  }

  @Override
  float initial(CounterRandom random, int i) {
    float scale = (float) StrictMath.sqrt(2.0 / in.count());
    return scale * (2 * random.uniform(site.initialPurpose(), site.part(), i) - 1);
  }
}
