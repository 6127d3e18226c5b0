package plinius.boundary;

import java.util.Optional;

/**
 * What the enclave may say to the host. This list is all that leaves the enclave besides ciphertext
 * in persistent memory; nothing in it is secret but the body of a {@link KbsCall}, which is sealed
 * to whom it concerns. Losses are public (LIMITATIONS.md says so).
 */
public sealed interface EnclaveMessage extends Message {
  /** Stretches of work at whose beginning a test may want to pull the plug. */
  enum Phase {
    /** Authenticating the committed mirror. Ends with {@link Resumed} or {@link Failed}. */
    MIRROR_IN,
    /** The first update's copying of the committed twin. Ends with MIRROR_OUT. */
    RECOVERY,
    /** Sealing into fresh extents, and the commit. Ends with {@link IterationDone}. */
    MIRROR_OUT
  }

  /**
   * The enclave runs.
   *
   * @param platform what guards it, for example {@code simulation}
   * @param measurement what it will show to the broker
   * @param kernels the kernels in use
   * @param warning what people must know; empty on real hardware
   */
  record Ready(String platform, Bytes measurement, String kernels, String warning)
      implements EnclaveMessage {}

  /** Carry this request to the broker and answer with its reply. */
  record KbsCall(String method, String path, Optional<String> cookie, Bytes body)
      implements EnclaveMessage {
    public KbsCall {
      Message.check(method.equals("GET") || method.equals("POST"), "method", method);
      Message.check(path.startsWith("/kbs/v0/"), "path", path);
    }
  }

  /**
   * Create a pool's file with so many bytes, then say {@link HostMessage.PoolReady}.
   *
   * @param best whether it is the best model's
   */
  record NeedPool(long bytes, boolean best) implements EnclaveMessage {
    public NeedPool {
      Message.check(bytes > 0, "bytes", bytes);
    }
  }

  /**
   * Training begins, at iteration 0.
   *
   * @param target the iteration at which it will end
   * @param pool where the mirror goes: medium, write-back and what that promises
   */
  record Started(int target, long epoch, long seed, String pool) implements EnclaveMessage {}

  /**
   * Training goes on with what the mirror holds.
   *
   * @param iteration completed iterations
   * @param sequence number of the mirror that was read
   * @param nanos how long mirrorIn took
   */
  record Resumed(
      int iteration,
      int target,
      long epoch,
      long seed,
      long sequence,
      double averageLoss,
      long nanos,
      String pool)
      implements EnclaveMessage {}

  /**
   * The mirrored model is another kernel version's, and goes on with this one's as its owner said:
   * from here on its bits are no longer those of an undisturbed run.
   *
   * @param iteration completed by the old plan
   * @param before the mirror's plan
   * @param plan of this run
   */
  record Replanned(int iteration, String before, String plan) implements EnclaveMessage {}

  /** One way: nobody waits for an answer. */
  record PhaseBegan(Phase phase, int iteration) implements EnclaveMessage {}

  /**
   * An iteration is complete and, if {@code mirrored}, durable.
   *
   * @param loss of this iteration, an image
   * @param rate the learning rate that it used
   * @param nanos from its beginning until the next one may begin
   * @param unsealNanos of it, in which training waited for the batch: it is unsealed beside the one
   *     before, where it is known by then
   * @param mirrorNanos of mirrorOut until it was durable and the broker told of it, much of that
   *     while the next iteration computed; 0 if it was not mirrored
   * @param mirrorWaitNanos of {@code nanos}, in which mirrors kept the next iteration from
   *     beginning: until the last one was durable and this one sealed
   */
  record IterationDone(
      int iteration,
      double loss,
      double averageLoss,
      double rate,
      boolean mirrored,
      long nanos,
      long unsealNanos,
      long mirrorNanos,
      long mirrorWaitNanos)
      implements EnclaveMessage {
    public IterationDone {
      Message.check(iteration >= 1, "iteration", iteration);
    }
  }

  /** By what a model is judged. */
  enum Metric {
    /** The share of samples whose largest output is that of their class. More is better. */
    ACCURACY(true),
    /** Mean of -log2 of the next character's probability. Less is better. */
    BITS_PER_CHARACTER(false),
    /** Mean of the squared differences from the targets. Less is better. */
    MEAN_SQUARED_ERROR(false),
    /**
     * Mean over the classes of the area under precision by recall, of boxes that overlap a true one
     * by half. More is better.
     */
    MEAN_AVERAGE_PRECISION(true);

    private final boolean moreIsBetter;

    Metric(boolean moreIsBetter) {
      this.moreIsBetter = moreIsBetter;
    }

    /** Whether a value is better than another; nothing is better than an equal one. */
    public boolean better(double value, double than) {
      return moreIsBetter ? value > than : value < than;
    }
  }

  /**
   * How well a model does on a data set.
   *
   * @param samples images, scenes, vectors or characters
   * @param correct how many of them are right; 0 but for {@link Metric#ACCURACY}
   */
  record Score(Metric metric, long samples, long correct, double value) {
    public Score {
      Message.check(correct >= 0 && correct <= samples, "correct", correct);
    }
  }

  /**
   * How the model does on the validation set.
   *
   * @param best whether it is better than after every validation before, and was kept
   */
  record Validated(int iteration, Score score, boolean best) implements EnclaveMessage {}

  /** Training reached its end; {@code state} is the stateDigest. */
  record Done(int iteration, Bytes state) implements EnclaveMessage {}

  /** Training stopped as asked and is mirrored; {@code state} is the stateDigest. */
  record Stopped(int iteration, Bytes state) implements EnclaveMessage {}

  /** The result of a test. */
  record Tested(int iteration, Score score) implements EnclaveMessage {}

  /** More of a result that is sealed to the owner: the next bytes of its file. */
  record Result(Bytes sealed) implements EnclaveMessage {}

  /** The result is complete. */
  record Answered(int iteration, long samples) implements EnclaveMessage {
    public Answered {
      Message.check(samples >= 0, "samples", samples);
    }
  }

  /** The enclave ends; {@code code} is the exit code of its kind of failure. */
  record Failed(int code, String reason) implements EnclaveMessage {
    public Failed {
      Message.check(code >= 64 && code <= 77, "code", code);
    }
  }

  /**
   * Sealed to this code on this platform, to be kept beside the pool and given back in the next
   * {@link HostMessage.Begin}. Nobody waits for an answer.
   */
  record SealedRestart(Bytes sealed) implements EnclaveMessage {
    public SealedRestart {
      Message.check(sealed.length() <= Message.RESTART_BYTES_MAX, "restart", sealed.length());
    }
  }

  /** Something that people should read. */
  record Notice(String text) implements EnclaveMessage {}
}
