package plinius.enclave.mirror;

/** Why a mirror is not accepted, or not made. The pool is as it was. */
@SuppressWarnings("serial") // nobody serializes it
public abstract sealed class MirrorException extends RuntimeException {
  private MirrorException(String message) {
    super(message);
  }

  /** Changed, exchanged, or put together from several mirrors. */
  public static final class Tampered extends MirrorException {
    Tampered(String where, String what) {
      super(
          ("%s: %s. The pool was changed by someone else than the enclave and is left as it is;"
                  + " restore it from a copy, or start over with --fresh")
              .formatted(where, what));
    }
  }

  /** Genuine, but not the newest: older than the owner's broker knows of, or of another branch. */
  public static final class Stale extends MirrorException {
    Stale(String what) {
      super(
          what
              + ". Somebody put back an older pool, or training went on with another copy of it;"
              + " the pool is left as it is. Use the newest copy; only the owner can go on from an"
              + " older one, with plinius broker rewind");
    }
  }

  /** A model to be mirrored has diverged. */
  public static final class NotFinite extends MirrorException {
    NotFinite(String tensor) {
      super("tensor " + tensor + " has a value that is not a finite number");
    }
  }

  /** Sealed under another owner's key. */
  public static final class WrongKey extends MirrorException {
    WrongKey(String message) {
      super(message);
    }
  }

  /** The configuration is not the one that the model was trained with. */
  public static final class OtherConfiguration extends MirrorException {
    private final String mirrored;

    OtherConfiguration(String mirrored) {
      super("the configuration is not the one of the mirrored model");
      this.mirrored = mirrored;
    }

    /** The canonical text of the mirrored one. */
    public String mirrored() {
      return mirrored;
    }
  }

  /** Something else that decides the bits of the next iteration is different. */
  public static final class OtherPlan extends MirrorException {
    /** Of what could not be the same model; the advice goes on with the sentence. */
    OtherPlan(String what, Object mirrored, Object here, String advice) {
      super(
          "the mirrored model goes on with %s %s, and this run has %s: it would not be the same model%s"
              .formatted(what, mirrored, here, advice));
    }
  }
}
