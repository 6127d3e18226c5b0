package plinius.attestation;

/** Why an enclave did not get its keys, or cannot say what it is. */
@SuppressWarnings("serial") // nobody serializes it
public abstract sealed class AttestationException extends RuntimeException {
  private static final int TOO_MANY = 429;
  private static final int FAULT = 500;

  private AttestationException(String message) {
    super(message);
  }

  /** Whether the same request may be heard later: no answer, or one that decides nothing. */
  public boolean passing() {
    return this instanceof Unreachable
        || (this instanceof Refused no && (no.status == TOO_MANY || no.status >= FAULT));
  }

  /** The key broker answered, and did not give what was asked for. */
  public static final class Refused extends AttestationException {
    private final int status;

    public Refused(int status, String message) {
      super(message);
      this.status = status;
    }

    /** The HTTP status of the refusal. */
    public int status() {
      return status;
    }
  }

  /** The key broker did not answer. */
  public static final class Unreachable extends AttestationException {
    public Unreachable(String message) {
      super(message);
    }
  }

  /** A message is not what the protocol says, or not for us; the host may have made it up. */
  public static final class BadMessage extends AttestationException {
    public BadMessage(String message) {
      super(message);
    }
  }

  /** The platform cannot give evidence: a file missing or unreadable, keys that do not parse. */
  public static final class PlatformUnusable extends AttestationException {
    public PlatformUnusable(String message) {
      super(message);
    }
  }
}
