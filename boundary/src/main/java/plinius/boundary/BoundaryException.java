package plinius.boundary;

/** Why a message could not cross the border. */
@SuppressWarnings("serial") // nobody serializes it
public abstract sealed class BoundaryException extends RuntimeException {
  private BoundaryException(String message, Throwable cause) {
    super(message, cause);
  }

  /** The other side sent bytes that are no message of this version, or not one that it may send. */
  public static final class Malformed extends BoundaryException {
    public Malformed(String message) {
      super(message, null);
    }
  }

  /** The pipe to the other side broke: it has died. */
  public static final class Broken extends BoundaryException {
    public Broken(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
