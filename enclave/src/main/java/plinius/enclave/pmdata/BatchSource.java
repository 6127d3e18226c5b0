package plinius.enclave.pmdata;

import plinius.attestation.kbs.Grant;
import plinius.darknet.BatchLoader;
import plinius.darknet.Network;
import plinius.darknet.cfg.CfgFile;
import plinius.dataset.DataKind;
import plinius.dataset.SampleOrder;
import plinius.kernel.CounterRandom;

/**
 * Fills batches. Which sample stands where, and what chance does to it, depends on keys, seed and
 * position alone: after a crash there is nothing to replay. One thread.
 */
public final class BatchSource implements BatchLoader {
  private final BatchLoader batches;
  private long nanos;

  private BatchSource(BatchLoader batches) {
    this.batches = batches;
  }

  /**
   * The batches of a data set, as a network wants them.
   *
   * @throws plinius.enclave.EnclaveException.BadInput if they do not fit
   */
  public static BatchSource of(PmData data, Grant grant, CfgFile cfg, Network network) {
    CounterRandom random = new CounterRandom(grant.seed());
    if (data.kind().data() == DataKind.TEXT) {
      int steps = cfg.net().integer("time_steps");
      return new BatchSource(new TextBatches(network, new Text(data, network), steps, random));
    }
    SampleOrder order = new SampleOrder(grant.orderKey(), data.count());
    return new BatchSource(new SampleBatches(order, new Fitting(data, cfg, network), random));
  }

  @Override
  public void load(long position, int images, float[] input, float[] truth) {
    long began = System.nanoTime();
    batches.load(position, images, input, truth);
    nanos += System.nanoTime() - began;
  }

  /** Time spent here since this was called last. */
  public long takeNanos() {
    long taken = nanos;
    nanos = 0;
    return taken;
  }
}
