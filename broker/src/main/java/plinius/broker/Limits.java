package plinius.broker;

import java.time.Duration;
import plinius.attestation.kbs.Advance;
import plinius.attestation.kbs.KbsClient;

/**
 * How much strangers can make a broker do.
 *
 * @param bodyBytes longest request, that with evidence
 * @param exchangesPerSecond challenges and attestations that one address may ask for, in the long
 *     run; twice that at once, and ten times as much of anything else
 * @param sessions exchanges that may be under way at once
 * @param sessionLife how long one may take
 */
public record Limits(int bodyBytes, int exchangesPerSecond, int sessions, Duration sessionLife) {
  /** Enough for a hundred machines; too little to fill a memory or a disk. */
  public static final Limits DEFAULT = new Limits(512 * 1024, 200, 256, Duration.ofMinutes(5));

  private static final int CHALLENGE_BYTES_MAX = 16 * 1024;
  private static final int ADVANCE_BYTES_MAX = 4 * 1024;
  private static final int OTHERS_PER_EXCHANGE = 10;

  public Limits {
    if (bodyBytes < 1024 || exchangesPerSecond < 1 || sessions < 1 || !sessionLife.isPositive()) {
      throw new IllegalArgumentException(
          "limits have to be positive, and bodies at least 1024 bytes long");
    }
  }

  /** The longest body of a request: evidence is long, and what is read at other paths is not. */
  int bodyBytes(String method, String path) {
    return switch (method + " " + path) {
      case "POST " + KbsClient.ATTEST_PATH -> bodyBytes;
      case "POST " + KbsClient.AUTH_PATH -> Math.min(bodyBytes, CHALLENGE_BYTES_MAX);
      case "POST " + Advance.PATH -> Math.min(bodyBytes, ADVANCE_BYTES_MAX);
      default -> 0;
    };
  }

  /** What else one address may ask for in a second, as the advances of its runs. */
  int othersPerSecond() {
    return (int) Math.min(Integer.MAX_VALUE, (long) exchangesPerSecond * OTHERS_PER_EXCHANGE);
  }
}
