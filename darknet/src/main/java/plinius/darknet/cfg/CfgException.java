package plinius.darknet.cfg;

import plinius.darknet.DarknetException;

/**
 * A configuration that is refused. The message names file, line and key, and what is known there.
 */
public final class CfgException extends DarknetException {
  private static final long serialVersionUID = 1L;

  /**
   * A refusal.
   *
   * @param file name of the file as the reader of the message knows it
   * @param line counted from 1; 0 where the place is not a line (an override, an empty file)
   * @param reason what is wrong, of which key or section, and what to do
   */
  public CfgException(String file, int line, String reason) {
    super((line > 0 ? file + ":" + line : file) + ": " + reason);
  }
}
