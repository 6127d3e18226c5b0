package plinius.host;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Why the host cannot do its part; each kind has the exit code of its class. */
public abstract sealed class HostException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  private HostException(int exitCode, String message, Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  public int exitCode() {
    return exitCode;
  }

  /** What the operating system says, for people: without the name of a Java class. */
  public static String why(IOException failure) {
    return switch (failure) {
      case NoSuchFileException missing -> missing.getFile() + " does not exist";
      case FileAlreadyExistsException there -> there.getFile() + " exists already";
      case AccessDeniedException denied -> "no permission for " + denied.getFile();
      case NotDirectoryException file -> file.getFile() + " is no folder";
      case CharacterCodingException _ -> "it is no text in UTF-8";
      default -> failure.getMessage() == null ? failure.toString() : failure.getMessage();
    };
  }

  /** The arguments make no sense. */
  public static final class Usage extends HostException {
    private static final long serialVersionUID = 1L;

    public Usage(String message) {
      super(64, message, null);
    }
  }

  /** A file that was named is missing, unreadable or not what it should be. */
  public static final class BadInput extends HostException {
    private static final long serialVersionUID = 1L;

    public BadInput(String message, Throwable cause) {
      super(65, message, cause);
    }
  }

  /** The machine lacks something, or the enclave and the host do not understand each other. */
  public static final class Internal extends HostException {
    private static final long serialVersionUID = 1L;

    public Internal(String message, Throwable cause) {
      super(70, message, cause);
    }
  }

  /** The medium is full or cannot be written. */
  public static final class Medium extends HostException {
    private static final long serialVersionUID = 1L;

    public Medium(String message, Throwable cause) {
      super(73, message, cause);
    }
  }

  /** Another process works with this pool. */
  public static final class InUse extends HostException {
    private static final long serialVersionUID = 1L;

    public InUse(String message) {
      super(74, message, null);
    }
  }
}
