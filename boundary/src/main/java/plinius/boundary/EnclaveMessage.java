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
      implements EnclaveMessage {
    public Ready {
      Message.present(platform, measurement, kernels, warning);
    }
  }

  /** Carry this request to the broker and answer with its reply. */
  record KbsCall(String method, String path, Optional<String> cookie, Bytes body)
      implements EnclaveMessage {
    public KbsCall {
      Message.present(method, path, cookie, body);
      Message.check(method.equals("GET") || method.equals("POST"), "method", method);
      Message.check(path.startsWith("/kbs/v0/"), "path", path);
    }
  }

  /** Create the pool's file with so many bytes, then say {@link HostMessage.PoolReady}. */
  record NeedPool(long bytes) implements EnclaveMessage {
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
  record Started(int target, long epoch, long seed, String pool) implements EnclaveMessage {
    public Started {
      Message.present(pool);
      Message.check(target >= 0, "target", target);
    }
  }

  /**
   * Training goes on, or testing begins, with what the mirror holds.
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
      implements EnclaveMessage {
    public Resumed {
      Message.present(pool);
      Message.check(iteration >= 0, "iteration", iteration);
      Message.check(target >= 0, "target", target);
    }
  }

  /** One way: nobody waits for an answer. */
  record PhaseBegan(Phase phase, int iteration) implements EnclaveMessage {
    public PhaseBegan {
      Message.present(phase);
      Message.check(iteration >= 0, "iteration", iteration);
    }
  }

  /**
   * An iteration is complete and, if {@code mirrored}, durable.
   *
   * @param loss of this iteration, an image
   * @param rate the learning rate that it used
   * @param nanos of the whole iteration
   * @param unsealNanos of it, for unsealing the batch
   * @param mirrorNanos of it, for mirrorOut
   */
  record IterationDone(
      int iteration,
      double loss,
      double averageLoss,
      double rate,
      boolean mirrored,
      long nanos,
      long unsealNanos,
      long mirrorNanos)
      implements EnclaveMessage {
    public IterationDone {
      Message.check(iteration >= 1, "iteration", iteration);
    }
  }

  /** How many images of the validation set the network gets right. */
  record Validated(int iteration, long images, long correct) implements EnclaveMessage {
    public Validated {
      Message.check(iteration >= 0, "iteration", iteration);
      Message.check(correct >= 0 && correct <= images, "correct", correct);
    }
  }

  /** Training reached its end; {@code state} is the stateDigest. */
  record Done(int iteration, Bytes state) implements EnclaveMessage {
    public Done {
      Message.present(state);
      Message.check(iteration >= 0, "iteration", iteration);
    }
  }

  /** Training stopped as asked and is mirrored; {@code state} is the stateDigest. */
  record Stopped(int iteration, Bytes state) implements EnclaveMessage {
    public Stopped {
      Message.present(state);
      Message.check(iteration >= 0, "iteration", iteration);
    }
  }

  /** The result of a test. */
  record Tested(int iteration, long images, long correct) implements EnclaveMessage {
    public Tested {
      Message.check(iteration >= 0, "iteration", iteration);
      Message.check(correct >= 0 && correct <= images, "correct", correct);
    }
  }

  /** The enclave ends; {@code code} is the exit code of its kind of failure. */
  record Failed(int code, String reason) implements EnclaveMessage {
    public Failed {
      Message.present(reason);
      Message.check(code >= 64 && code <= 77, "code", code);
    }
  }

  /** Something that people should read. */
  record Notice(String text) implements EnclaveMessage {
    public Notice {
      Message.present(text);
    }
  }
}
