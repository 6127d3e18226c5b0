package plinius.darknet;

import plinius.darknet.cfg.CfgException;

/** What can go wrong with a network that somebody wrote down. */
public abstract sealed class DarknetException extends RuntimeException
    permits CfgException, NetworkException {
  private static final long serialVersionUID = 1L;

  /** An error whose message says what failed, the values and what to do. */
  protected DarknetException(String message) {
    super(message);
  }
}
