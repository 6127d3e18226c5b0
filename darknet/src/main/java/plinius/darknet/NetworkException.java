package plinius.darknet;

/**
 * A network that cannot do what was asked of it, such as training without a layer that owns a cost.
 */
public final class NetworkException extends DarknetException {
  private static final long serialVersionUID = 1L;

  /** An error whose message says what failed, the values and what to do. */
  public NetworkException(String message) {
    super(message);
  }
}
