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
public abstract sealed class BatchSource implements BatchLoader permits SampleBatches, TextBatches {
  private long nanos;

  BatchSource() {}

  /**
   * The batches of a data set, as a network wants them.
   *
   * @throws plinius.enclave.EnclaveException.BadInput if they do not fit
   */
  public static BatchSource of(PmData data, Grant grant, CfgFile cfg, Network network) {
    CounterRandom random = new CounterRandom(grant.seed());
    return data.kind().data() == DataKind.TEXT
        ? new TextBatches(data, cfg, network, random)
        : new SampleBatches(
            new SampleOrder(grant.orderKey(), data.count()),
            new Fitting(data, cfg, network),
            random);
  }

  @Override
  public final void load(long position, int images, float[] input, float[] truth) {
    long began = System.nanoTime();
    fill(position, images, input, truth);
    nanos += System.nanoTime() - began;
  }

  abstract void fill(long position, int rows, float[] input, float[] truth);

  /** Time spent here since this was called last. */
  public long takeNanos() {
    long taken = nanos;
    nanos = 0;
    return taken;
  }
}
