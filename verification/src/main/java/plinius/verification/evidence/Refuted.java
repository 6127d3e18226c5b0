package plinius.verification.evidence;

import java.util.Objects;

/** Evidence that is not genuine, or not readable: which part, what is there, what should be. */
public final class Refuted extends Exception {
  private static final long serialVersionUID = 1L;
  private final String field;
  private final String got;
  private final String want;

  public Refuted(String field, String got, String want) {
    // Expected many times a second under attack: without a stack trace.
    super(field + " is " + got + ", want " + want, null, false, false);
    this.field = Objects.requireNonNull(field);
    this.got = Objects.requireNonNull(got);
    this.want = Objects.requireNonNull(want);
  }

  /** Which part of the evidence or of its endorsements. */
  public String field() {
    return field;
  }

  /** What is there. */
  public String got() {
    return got;
  }

  /** What should be. */
  public String want() {
    return want;
  }
}
