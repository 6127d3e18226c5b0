package plinius.benchmarks.network;

import java.util.List;

/** Somebody's implementation of one network, ready for a batch of noise. */
public interface Contender extends AutoCloseable {
  /** "plinius", "libtorch" or "darknet". */
  String implementation();

  /** What distinguishes this one from others of the same implementation; may be empty. */
  String variant();

  /** What the task asks for, once, over all images of the batch. */
  void iterate();

  @Override
  void close();

  /** Makes contenders; found as a service, so that an implementation can be built apart. */
  interface Maker {
    /** All variants that this implementation has of the task. */
    List<Contender> make(Task task);
  }
}
