package plinius.romulus;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** How the twins of a pool take turns; chosen when it is formatted, and then a part of it. */
public enum Protocol {
  /**
   * Either twin may be the committed one, an 8-byte word says which; two fences, of small
   * transactions one.
   */
  PING_PONG(0),
  /**
   * The paper's: main and back, IDLE, MUTATING and COPYING; four fences, of small transactions two.
   */
  ROMULUS(1);

  private final int code;

  Protocol(int code) {
    this.code = code;
  }

  /** The number in a pool's header. */
  int code() {
    return code;
  }

  /** The protocol with this number, if there is one. */
  static Optional<Protocol> of(int code) {
    return Arrays.stream(values()).filter(protocol -> protocol.code == code).findFirst();
  }

  /** The name on the command line. */
  public String option() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The committed states since formatting, as the value of the changing word counts them. */
  long sequence(long value) {
    return this == PING_PONG ? value : ClassicTwins.commits(value);
  }

  /** Greater of a value that is stored after another. */
  long order(long value) {
    return this == PING_PONG ? value : ClassicTwins.order(value);
  }

  /** The twin that holds the committed state. */
  int committedTwin(long value) {
    return this == PING_PONG ? PingPongTwins.committed(value) : ClassicTwins.committed(value);
  }
}
