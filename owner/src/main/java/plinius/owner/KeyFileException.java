package plinius.owner;

import java.nio.file.Path;

/** What can go wrong with the owner's key file. No message holds a key or a passphrase. */
public abstract sealed class KeyFileException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private KeyFileException(String message, Throwable cause) {
    super(message, cause);
  }

  /** The passphrase does not open the key file (or the file's sealed part was altered). */
  public static final class WrongPassphrase extends KeyFileException {
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
  public static final class Bad extends KeyFileException {
    private static final long serialVersionUID = 1L;

    Bad(Path file, String reason) {
      super("cannot use the key file " + file + ": " + reason, null);
    }
  }

  /** A key file is never overwritten. */
  public static final class Exists extends KeyFileException {
    private static final long serialVersionUID = 1L;

    Exists(Path file) {
      super(
          "cannot write the key file "
              + file
              + ": it exists, and a key is never overwritten (what it sealed would be lost). Choose"
              + " another name",
          null);
    }
  }

  /** The key file cannot be read or written. */
  public static final class Unusable extends KeyFileException {
    private static final long serialVersionUID = 1L;

    Unusable(String what, Path file, Throwable cause) {
      super("cannot " + what + " the key file " + file + ": " + cause, cause);
    }
  }
}
