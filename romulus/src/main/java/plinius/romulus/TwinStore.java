package plinius.romulus;

/** Loads and recorded stores of the working twin, by offsets in the twin. */
interface TwinStore {
  long get(long offset);

  void set(long offset, long value);

  void zero(long offset, long bytes);

  /** A load of the committed twin. */
  long committed(long offset);
}
