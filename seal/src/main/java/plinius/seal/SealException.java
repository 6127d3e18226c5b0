package plinius.seal;

/** What can go wrong with keys and sealed bytes. No message holds a key or a plaintext. */
@SuppressWarnings("serial") // nobody serializes it
public abstract sealed class SealException extends RuntimeException {
  private SealException(String message) {
    super(message);
  }

  /** The tag does not fit: other bytes, other associated data, or another key than were sealed. */
  public static final class NotAuthentic extends SealException {
    public NotAuthentic(String message) {
      super(message);
    }
  }

  /** A key has sealed as much as one key may. */
  public static final class Exhausted extends SealException {
    Exhausted(long calls) {
      super(
          ("this run's key has sealed %d records, the most that one key may: start again, the same"
                  + " command resumes under a new key")
              .formatted(calls));
    }
  }

  /** Text or bytes that do not have the form they must have: JSON, a JWK, a JWE, an id. */
  public static final class Malformed extends SealException {
    public Malformed(String message) {
      super(message);
    }
  }
}
