package plinius.darknet.weights;

import plinius.darknet.DarknetException;

/** A .weights file that does not fit the network it is read into. */
public final class WeightsException extends DarknetException {
  private static final long serialVersionUID = 1L;

  /** An error whose message names the file, the place and what was expected. */
  public WeightsException(String message) {
    super(message);
  }
}
