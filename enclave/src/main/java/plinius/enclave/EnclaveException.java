package plinius.enclave;

/** Why the enclave cannot go on, where no module below it has said so. */
@SuppressWarnings("serial") // nobody serializes it
public abstract sealed class EnclaveException extends RuntimeException {
  private EnclaveException(String message) {
    super(message);
  }

  /** What was asked for cannot be done with these files. */
  public static final class BadInput extends EnclaveException {
    public BadInput(String message) {
      super(message);
    }
  }

  /** Another enclave works with this pool. */
  public static final class InUse extends EnclaveException {
    public InUse(String message) {
      super(message);
    }
  }

  /** Loss or parameters are no longer finite. */
  public static final class Diverged extends EnclaveException {
    public Diverged(String message) {
      super(message);
    }
  }

  /** Started otherwise than measured, or spoken to otherwise than agreed. */
  public static final class BadStart extends EnclaveException {
    public BadStart(String message) {
      super(message);
    }
  }
}
