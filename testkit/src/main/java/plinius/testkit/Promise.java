package plinius.testkit;

/** Where a program says what a crash must not lose from now on. */
@FunctionalInterface
public interface Promise {
  /**
   * The state with this number is durable: the transaction that led to it has returned. Numbers
   * grow by one from state to state.
   */
  void kept(int state);
}
