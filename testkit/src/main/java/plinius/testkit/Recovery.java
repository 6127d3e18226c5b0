package plinius.testkit;

import plinius.pmem.PersistentMemory;

/**
 * The program as it is started after a crash, and the judge of what it finds. Deterministic: the
 * same image gives the same answer by the same loads.
 */
@FunctionalInterface
public interface Recovery {
  /**
   * Opens what a crash left, recovers it and returns the number of the state that it holds. Throws
   * if it holds none, or a torn one. It should then go on for some transactions, and promise each:
   * a structure that was recovered badly often looks well until it is used. Crashes inside of this,
   * promises and all, are tried too, see {@link CrashTester#depth}.
   */
  int state(PersistentMemory memory, Promise promise);
}
