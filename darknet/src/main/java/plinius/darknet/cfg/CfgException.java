package plinius.darknet.cfg;

import plinius.darknet.DarknetException;

/**
 * A configuration that is refused. The message names file, line and key, and what is known there.
 */
public final class CfgException extends DarknetException {
  private static final long serialVersionUID = 1L;

  private final int line;
  private final String key;

  /**
   * A refusal.
   *
   * @param file name of the file as the reader of the message knows it
   * @param line counted from 1; 0 where the place is not a line (an override, an empty file)
   * @param key the key or section concerned; empty where there is none
   * @param reason what is wrong and what to do
   */
  public CfgException(String file, int line, String key, String reason) {
    super((line > 0 ? file + ":" + line : file) + ": " + reason);
    this.line = line;
    this.key = key;
  }

  /** The line, counted from 1; 0 where there is none. */
  public int line() {
    return line;
  }

  /** The key or section concerned; empty where there is none. */
  public String key() {
    return key;
  }
}
