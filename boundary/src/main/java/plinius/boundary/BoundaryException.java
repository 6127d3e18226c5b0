package plinius.boundary;

/** Why a message could not cross the border. */
public abstract sealed class BoundaryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private BoundaryException(String message, Throwable cause) {
    super(message, cause);
  }

  /** The other side sent bytes that are no message of this version, or not one that it may send. */
  public static final class Malformed extends BoundaryException {
    private static final long serialVersionUID = 1L;

    public Malformed(String message) {
      super(message, null);
    }
  }

  /** The pipe to the other side broke: it has died. */
  public static final class Broken extends BoundaryException {
    private static final long serialVersionUID = 1L;

    public Broken(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
