package plinius.pmem;

/** How a file is mapped. */
public enum Access {
  /** Loads only: nothing that is done to the mapping can change the file. */
  READ_ONLY,
  /** Loads and stores, shared with the file. */
  READ_WRITE
}
