package plinius.store;

import java.util.ArrayList;
import java.util.List;

/** What is to happen after a transaction, which it itself cannot undo. In the order of asking. */
final class Hooks {
  private final List<Runnable> onCommit = new ArrayList<>();
  private final List<Runnable> onAbort = new ArrayList<>();

  void onCommit(Runnable action) {
    onCommit.add(action);
  }

  void onAbort(Runnable action) {
    onAbort.add(action);
  }

  /**
   * Runs all of them, whatever some of them throw.
   *
   * @throws HookFailed if one of them threw: the transaction is durable all the same
   */
  void committed() {
    HookFailed failure = null;
    for (Runnable action : onCommit) {
      try {
        action.run();
      } catch (RuntimeException | Error failed) {
        if (failure == null) {
          failure = new HookFailed(failed);
        } else {
          failure.addSuppressed(failed);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** What goes wrong here must not hide why the transaction was taken back. */
  void aborted(Throwable why) {
    for (Runnable action : onAbort) {
      try {
        action.run();
      } catch (RuntimeException | Error failed) {
        why.addSuppressed(failed);
      }
    }
  }
}
