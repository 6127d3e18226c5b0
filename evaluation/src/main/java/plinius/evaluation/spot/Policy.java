package plinius.evaluation.spot;

import plinius.cli.ExitCode;
import plinius.cli.Refusal;

/**
 * What is kept of a training when its instance is lost. A checkpoint is the same sealed mirror in
 * the same medium, made every K iterations only: so what policies differ in is how often, and how
 * fast one mirror or checkpoint is made is another experiment's question.
 *
 * @param every iterations from one saved state to the next, 0 for none ever
 */
public record Policy(int every) {
  /** The encrypted mirror after every iteration. */
  public static final Policy MIRROR = new Policy(1);

  /** Nothing is kept: begin anew. */
  public static final Policy NONE = new Policy(0);

  public Policy {
    if (every < 0) {
      throw new IllegalArgumentException("every " + every);
    }
  }

  /** Reads mirror, none or checkpoint:K. */
  public static Policy parse(String text) {
    if (text.equals("mirror")) {
      return MIRROR;
    }
    if (text.equals("none")) {
      return NONE;
    }
    if (text.matches("checkpoint:[1-9][0-9]{0,8}")) {
      return new Policy(Integer.parseInt(text.substring("checkpoint:".length())));
    }
    throw new Refusal(ExitCode.USAGE, "want mirror, none or checkpoint:K, got " + text);
  }

  @Override
  public String toString() {
    return switch (every) {
      case 0 -> "none";
      case 1 -> "mirror";
      default -> "checkpoint:" + every;
    };
  }
}
