package plinius.darknet.layer;

import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.Section;

/** Takes nothing from the heap: for networks of which only the shapes matter. */
public final class ShapesOnly extends Storage {
  /** For a network with these options. */
  public ShapesOnly(Section net, NetworkOptions options) {
    super(net, options);
  }

  @Override
  protected float[] floats(long count) {
    return new float[0];
  }

  @Override
  protected int[] ints(long count) {
    return new int[0];
  }

  @Override
  protected float[] state(long count) {
    return new float[0];
  }

  @Override
  protected long heapBytes() {
    return 0;
  }
}
