package plinius.dataset;

/** What can go wrong with samples and sealed data sets. No message holds a key or a sample. */
@SuppressWarnings("serial") // nobody serializes it
public abstract sealed class DataSetException extends RuntimeException {
  private DataSetException(String message) {
    super(message);
  }

  /** The samples to be sealed are not what they should be: an IDX file, a shape, a label. */
  public static final class BadInput extends DataSetException {
    public BadInput(String message) {
      super(message);
    }
  }

  /** The bytes are no sealed data set, or one of another version. */
  public static final class NotADataSet extends DataSetException {
    public NotADataSet(String name, String reason) {
      super("cannot read " + name + ": " + reason);
    }
  }

  /** The data set was sealed under another key than the one given. */
  public static final class WrongKey extends DataSetException {
    WrongKey(String message) {
      super(message);
    }
  }

  /** The sealed bytes are not those that the owner sealed. */
  public static final class Tampered extends DataSetException {
    public Tampered(String message) {
      super(message);
    }
  }
}
