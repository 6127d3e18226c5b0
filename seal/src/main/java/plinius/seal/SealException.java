package plinius.seal;

import java.nio.file.Path;

/**
 * What can go wrong with keys and sealed bytes. No message holds a key, a passphrase or a
 * plaintext.
 */
public abstract sealed class SealException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private SealException(String message, Throwable cause) {
    super(message, cause);
  }

  /** The tag does not fit: other bytes, other associated data, or another key than were sealed. */
  public static final class NotAuthentic extends SealException {
    private static final long serialVersionUID = 1L;

    public NotAuthentic(String message) {
      super(message, null);
    }
  }

  /** A key is well formed, and not the one that is needed here. */
  public static final class WrongKey extends SealException {
    private static final long serialVersionUID = 1L;

    public WrongKey(String message) {
      super(message, null);
    }
  }

  /** The passphrase does not open the key file (or the file's sealed part was altered). */
  public static final class WrongPassphrase extends SealException {
    private static final long serialVersionUID = 1L;

    WrongPassphrase(Path file) {
      super(
          "cannot open the key file "
              + file
              + ": wrong passphrase, or the file was altered. Try again, or restore the file from"
              + " its backup",
          null);
    }
  }

  /** A key file that is not one, or is damaged, or is open to others. */
  public static final class BadKeyFile extends SealException {
    private static final long serialVersionUID = 1L;

    BadKeyFile(Path file, String reason) {
      super("cannot use the key file " + file + ": " + reason, null);
    }
  }

  /** A key file is never overwritten. */
  public static final class KeyFileExists extends SealException {
    private static final long serialVersionUID = 1L;

    KeyFileExists(Path file) {
      super(
          "cannot write the key file "
              + file
              + ": it exists, and a key is never overwritten (what it sealed would be lost). Choose"
              + " another name",
          null);
    }
  }

  /** The key file cannot be read or written. */
  public static final class KeyFileUnusable extends SealException {
    private static final long serialVersionUID = 1L;

    KeyFileUnusable(String what, Path file, Throwable cause) {
      super("cannot " + what + " the key file " + file + ": " + cause, cause);
    }
  }

  /** A key has sealed as much as one key may. */
  public static final class Exhausted extends SealException {
    private static final long serialVersionUID = 1L;

    Exhausted(long calls) {
      super(
          "this run's key has sealed "
              + calls
              + " records, the most that one key may: start again, the same command resumes under a"
              + " new key",
          null);
    }
  }

  /** Text or bytes that do not have the form they must have: JSON, a JWK, a JWE, an id. */
  public static final class Malformed extends SealException {
    private static final long serialVersionUID = 1L;

    public Malformed(String message) {
      super(message, null);
    }
  }
}
