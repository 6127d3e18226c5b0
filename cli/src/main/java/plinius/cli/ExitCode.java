package plinius.cli;

/** How a command ends: the process's exit codes, most of them those of BSD's sysexits. */
public enum ExitCode {
  /** Done. */
  DONE(0),
  /** The command line is wrong. */
  USAGE(64),
  /** An input is wrong: a file, another cfg, a wrong key. */
  BAD_INPUT(65),
  /** The broker, or a part of the installation, is out of reach. */
  UNAVAILABLE(69),
  /** A defect of ours, or a fault of the broker. */
  INTERNAL(70),
  /** Something was tampered with, or is older than it may be. */
  TAMPERED(71),
  /** The medium is full or unusable, or the machine cannot give evidence. */
  MEDIUM(73),
  /** The pool is in use. */
  IN_USE(74),
  /** Stopped; the same command goes on. */
  STOPPED(75),
  /** The model is not finite any more. */
  DIVERGED(76),
  /** The evidence was refused. */
  REFUSED(77);

  private final int code;

  ExitCode(int code) {
    this.code = code;
  }

  /**
   * The process's exit code.
   *
   * @return 0 to 77
   */
  public int code() {
    return code;
  }
}
