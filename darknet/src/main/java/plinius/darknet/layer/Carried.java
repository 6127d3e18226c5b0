package plinius.darknet.layer;

import java.util.Arrays;
import java.util.Optional;

/**
 * A state that a recurrent layer hands from step to step, and on to the next sub-batch: in training
 * in a tensor, which is mirrored, or not at all; among predictions in memory of its own.
 *
 * @param trained (streams, values): where it goes on in training; else it is zero at the beginning
 *     of each sub-batch
 * @param after (steps, streams, values): where the layer puts the state after each step
 * @param before (steps, streams, values): the state before each step
 * @param predicting (streams, values), of predictions
 */
@SuppressWarnings("ArrayRecordComponent") // views
record Carried(Optional<NamedTensor> trained, float[] after, float[] before, float[] predicting) {
  /** A state of so many values for each stream. */
  Carried(Storage storage, Optional<NamedTensor> trained, int values, float[] after) {
    int share = Math.ceilDiv(values, storage.timeSteps()); // of a stream's values, for each image
    this(trained, after, storage.activations(values), storage.activations(share));
  }

  /** A state that goes on in training too, in a tensor of this name. */
  static Carried trained(Site site, String name, int values, float[] after) {
    return new Carried(site.storage(), Optional.of(tensor(site, name, values)), values, after);
  }

  /** What each stream carries from one sub-batch to the next. */
  static NamedTensor tensor(Site site, String name, int values) {
    NamedTensor.Role role = NamedTensor.Role.STATE;
    return site.storage().slot(site.name() + "." + name, role, site.storage().streams(), values);
  }

  /** Before the step whose values are at [at, at + size). */
  void enter(Pass pass, int at, int size) {
    if (at > 0) {
      System.arraycopy(after, at - size, before, at, size);
    } else if (!pass.training) {
      System.arraycopy(predicting, 0, before, 0, size);
    } else if (trained.isPresent()) {
      System.arraycopy(trained.get().block(), trained.get().offset(), before, 0, size);
    } else {
      Arrays.fill(before, 0, size, 0);
    }
  }

  /** Goes on from the step whose values are at [at, at + size). */
  void leave(Pass pass, int at, int size) {
    if (!pass.training) {
      System.arraycopy(after, at, predicting, 0, size);
    } else if (trained.isPresent()) {
      System.arraycopy(after, at, trained.get().block(), trained.get().offset(), size);
    }
  }

  /** Forgets what predictions left behind. */
  void forget() {
    Arrays.fill(predicting, 0);
  }
}
