package plinius.darknet.layer;

import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.Section;

/** Layers whose outputs and deltas are all still there after a pass. */
public class KeptLayers extends Layers {
  /** Has made none yet. */
  public KeptLayers(Shape net, NetworkOptions options, Storage storage) {
    super(net, options, storage);
  }

  @Override
  final boolean chains(Section layer, Section after) {
    return false;
  }
}
