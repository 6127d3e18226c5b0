package plinius.exchange.weights;

/** Why weights cannot be taken from somewhere, or brought there. */
public abstract sealed class WeightsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private WeightsException(String message) {
    super(message);
  }

  /** A file that does not fit the network it is read into, or a pool that is not the asked one. */
  public static final class BadInput extends WeightsException {
    private static final long serialVersionUID = 1L;

    /** An error whose message names the file, the place and what was expected. */
    public BadInput(String message) {
      super(message);
    }
  }

  /** A pool that was changed, or an older one put back. */
  public static final class Tampered extends WeightsException {
    private static final long serialVersionUID = 1L;

    /** An error whose message names the pool and what is wrong with it. */
    public Tampered(String message) {
      super(message);
    }
  }
}
