package plinius.evaluation.mirror;

/** A way to keep a model: saved, and restored into memory that may be another. */
interface Store extends AutoCloseable {
  /** The word in the raw data. */
  String name();

  /** Keeps the model, durably as far as the medium is: encrypt, write, make durable. */
  void save();

  /** Fills the model from what was saved last, all of it authenticated: read, decrypt. */
  void restore();

  /**
   * Lets go of what the last {@link #restore} opened. Apart from it, because training goes on with
   * the same: no restart pays for that.
   */
  default void release() {}

  /** Takes what was saved out of the operating system's cache; false where there is none. */
  default boolean forget() {
    return false;
  }

  @Override
  void close();
}
