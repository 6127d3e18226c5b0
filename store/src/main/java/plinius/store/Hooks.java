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

  void committed() {
    onCommit.forEach(Runnable::run);
  }

  /** What goes wrong here must not hide why the transaction was taken back. */
  void aborted(Throwable why) {
    for (Runnable action : onAbort) {
      try {
        action.run();
      } catch (RuntimeException failed) {
        why.addSuppressed(failed);
      }
    }
  }
}
