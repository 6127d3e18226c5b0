package plinius.verification;

/**
 * A policy file that says something we cannot obey; the message names file, line and what to do.
 */
public final class BadPolicy extends RuntimeException {
  private static final long serialVersionUID = 1L;

  BadPolicy(String message) {
    super(message);
  }
}
