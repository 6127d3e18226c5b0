package plinius.enclave.pmdata;

import plinius.attestation.kbs.Grant;
import plinius.darknet.BatchLoader;
import plinius.darknet.Network;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.cfg.Section;
import plinius.dataset.DataKind;
import plinius.dataset.SampleOrder;
import plinius.kernel.CounterRandom;
import plinius.kernel.SideThread;

/**
 * Fills batches. Which sample stands where, and what chance does to it, depends on keys, seed and
 * position alone: after a crash there is nothing to replay, and the next batch is unsealed while
 * this one is computed with. One thread.
 */
public final class BatchSource implements BatchLoader, AutoCloseable {
  private final BatchLoader batches;
  private final boolean ahead;
  private final SideThread thread = new SideThread("batches");
  private long next = -1; // position of the batch in the next two, or that the thread makes there
  private float[] nextInput = {};
  private float[] nextTruth = {};
  private long nanos;

  BatchSource(BatchLoader batches, boolean ahead) {
    this.batches = batches;
    this.ahead = ahead;
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
      // A stream that goes on elsewhere resets the network's state, which is still computed with.
      return new BatchSource(
          new TextBatches(network, new Text(data, network), steps, random), false);
    }
    SampleOrder order = new SampleOrder(grant.orderKey(), data.count());
    Section last = cfg.layers().getLast();
    // With random=1 the size of the images is the network's, which goes on to the next meanwhile.
    boolean resized = last.has("random") && last.flag("random");
    return new BatchSource(
        new SampleBatches(order, new Fitting(data, cfg, network), random), !resized);
  }

  @Override
  public void load(long position, int images, float[] input, float[] truth) {
    long began = System.nanoTime();
    if (ahead) {
      if (next != position) {
        begin(position, images, input.length, truth.length);
      }
      thread.await();
      System.arraycopy(nextInput, 0, input, 0, input.length);
      System.arraycopy(nextTruth, 0, truth, 0, truth.length);
      begin(position + images, images, input.length, truth.length);
    } else {
      batches.load(position, images, input, truth);
    }
    nanos += System.nanoTime() - began;
  }

  private void begin(long position, int images, int inputs, int truths) {
    if (nextInput.length != inputs) {
      nextInput = new float[inputs];
      nextTruth = new float[truths];
    }
    next = position;
    thread.begin(() -> batches.load(position, images, nextInput, nextTruth));
  }

  /** Time that training waited here since this was called last. */
  public long takeNanos() {
    long taken = nanos;
    nanos = 0;
    return taken;
  }

  /** Ends the thread, when the batch that it makes is complete. */
  @Override
  public void close() {
    thread.close();
  }
}
