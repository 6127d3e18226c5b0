package plinius.benchmarks.network;

import java.util.List;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.layer.Layer;
import plinius.exchange.net.Outline;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/**
 * What is measured, the same for all.
 *
 * @param cfg the network, its batch included
 */
public record Task(CfgFile cfg, Work work, int threads) {
  /** What an iteration is. */
  public enum Work {
    /** Forward, backward and update. */
    TRAIN,
    /** Forward, as a trained network answers. */
    INFER
  }

  /** Images of an iteration. */
  public int batch() {
    return cfg.net().integer("batch");
  }

  /** Images that go through the layers together. */
  public int subBatch() {
    return batch() / subdivisions();
  }

  /** Sub-batches of an iteration. */
  public int subdivisions() {
    return cfg.net().integer("subdivisions");
  }

  /** Values of the input of one image. */
  public int inputs() {
    return cfg.net().integer("height") * cfg.net().integer("width") * cfg.net().integer("channels");
  }

  /** Values of the truth of one image. */
  public int truths() {
    return outline().truths();
  }

  /** The layers and the shapes that they make. */
  public List<Layer> layers() {
    return outline().layers();
  }

  private Network outline() {
    boolean training = work == Work.TRAIN;
    try (Workers workers = new Workers(1)) {
      return Outline.network(cfg, new NetworkOptions(Kernels.best(), workers, 1, training), false);
    }
  }
}
