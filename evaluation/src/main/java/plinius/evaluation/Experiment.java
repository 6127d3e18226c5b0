package plinius.evaluation;

import java.time.Duration;

/** One question, and the way to its answer. */
public interface Experiment {
  /** The word by which the command line and the output folder know it. */
  String name();

  /** The heading in the report. */
  String title();

  /** What the paper did and found; or that it did not ask. One or two sentences. */
  String paper();

  /**
   * About how long it takes on two slow cores (Zen 3), for the progress: an order, not a promise.
   */
  Duration estimate(Laboratory.Effort effort);

  /**
   * Runs it. What takes long tells {@link Laboratory#progress}.
   *
   * @throws Unavailable if something that it needs is not here; the report says so
   */
  Findings run(Laboratory laboratory);

  /** Something that an experiment needs is not here: skipped by name, not failed. */
  final class Unavailable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What is missing, and how to get it. */
    public Unavailable(String message) {
      super(message);
    }
  }
}
