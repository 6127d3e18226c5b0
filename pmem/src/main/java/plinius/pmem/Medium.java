package plinius.pmem;

import static java.util.Objects.requireNonNull;

/**
 * What lies under a {@link PersistentMemory}.
 *
 * @param kind how it was recognised
 * @param writeBack what pwb and pfence do on it
 */
public record Medium(Kind kind, WriteBack writeBack) {

  /** The kinds of medium that can be told apart by asking the operating system. */
  public enum Kind {
    /** A file system that maps persistent memory directly: MAP_SYNC was granted. */
    DAX("survives the loss of power"),
    /** A file system in volatile memory: emulated persistent memory. */
    TMPFS("survives the death of the process, not of the machine: emulated persistent memory"),
    /** Whatever Gramine maps: the host knows, and is not believed. */
    GRAMINE("survives the death of the process at most: Gramine does not show what lies below"),
    /** A file on any other file system, mapped through the page cache. */
    FILE("survives the loss of power as far as the disk keeps what it acknowledged"),
    /** No medium at all: a model of one, for tests. */
    SIMULATED("survives what the test lets it survive");

    private final String promise;

    Kind(String promise) {
      this.promise = promise;
    }
  }

  public Medium {
    requireNonNull(kind);
    requireNonNull(writeBack);
  }

  /** What survives what, in a sentence for people. */
  public String promise() {
    return kind.promise;
  }
}
