package plinius.testkit;

import plinius.pmem.PersistentMemory;

/** A program that is crashed: opens what lies in the memory and changes it. */
@FunctionalInterface
public interface Program {
  /** Runs to its end on memory that does not fail, and says what it has promised on the way. */
  void run(PersistentMemory memory, Promise promise);
}
