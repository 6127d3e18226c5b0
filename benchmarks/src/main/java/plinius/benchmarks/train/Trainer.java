package plinius.benchmarks.train;

import java.util.List;
import plinius.darknet.cfg.CfgFile;

/** Somebody's implementation of one network, ready to train on a batch of noise. */
public interface Trainer extends AutoCloseable {
  /** "plinius", "libtorch" or "darknet". */
  String implementation();

  /** What distinguishes this one from others of the same implementation; may be empty. */
  String variant();

  /** One iteration: forward, backward and update over all images of the batch. */
  void iterate();

  @Override
  void close();

  /** Makes trainers; found as a service, so that an implementation can be built apart. */
  interface Maker {
    /** All variants of the network of a configuration, for so many threads. */
    List<Trainer> make(CfgFile cfg, int threads);
  }
}
