package plinius.store;

import java.io.Serial;

/**
 * The transaction is durable and must not be run again, but an action that was to follow it threw:
 * the cause. What others threw is suppressed.
 */
public final class HookFailed extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  HookFailed(Throwable cause) {
    super(
        "the transaction is durable, and an action after it failed: "
            + cause
            + "; do not run the transaction again",
        cause);
  }
}
