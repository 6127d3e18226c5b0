package plinius.attestation.kbs;

import java.util.stream.IntStream;
import java.util.stream.Stream;
import plinius.attestation.AttestationException;

/**
 * How far the newest mirror may be ahead of the broker's record of it, and so how far back a pool
 * can be put unnoticed. The owner fixes it when a job is added, and it comes with the keys: whoever
 * runs the machine cannot ask for less.
 *
 * @param mirrors mirrors that may be written before the broker knows of them: 1 is strict, up to
 *     {@link #MIRRORS_MAX} a window, 0 offline: the broker keeps no record, and an older pool of
 *     the same job is not noticed
 * @param cached whether a run may keep its keys in a {@link RestartCache}, for a restart without
 *     the broker; only offline, because the other modes need the broker at each start
 */
public record FreshnessMode(int mirrors, boolean cached) {
  /** As many mirrors as a mirror's header remembers. */
  public static final int MIRRORS_MAX = 64;

  /** The broker counts the training runs and keeps no record of mirrors. */
  public static final FreshnessMode OFFLINE = new FreshnessMode(0);

  /** Training waits for the broker after every mirror. */
  public static final FreshnessMode STRICT = new FreshnessMode(1);

  /** What a job has for which nobody asked for another. */
  public static final FreshnessMode DEFAULT = new FreshnessMode(32);

  /** Offline, and a restart may do without the broker. */
  public static final FreshnessMode OFFLINE_CACHED = new FreshnessMode(0, true);

  private static final String CACHED = "+cache";

  public FreshnessMode {
    if (mirrors < 0 || mirrors > MIRRORS_MAX) {
      throw new IllegalArgumentException(
          "a window has 1 to " + MIRRORS_MAX + " mirrors, got " + mirrors);
    }
    if (cached && mirrors > 0) {
      throw new IllegalArgumentException("a restart cache is for offline jobs only");
    }
  }

  /** Without a restart cache. */
  public FreshnessMode(int mirrors) {
    this(mirrors, false);
  }

  /** Whether the broker keeps a record. */
  public boolean recorded() {
    return mirrors > 0;
  }

  /** Its name in grants, logs and on the command line: offline, offline+cache, strict, window:N. */
  public String wireName() {
    return switch (mirrors) {
      case 0 -> cached ? "offline" + CACHED : "offline";
      case 1 -> "strict";
      default -> "window:" + mirrors;
    };
  }

  /**
   * The mode with this name.
   *
   * @throws AttestationException.BadMessage if there is none
   */
  public static FreshnessMode ofWireName(String name) {
    return Stream.concat(
            IntStream.rangeClosed(0, MIRRORS_MAX).mapToObj(FreshnessMode::new),
            Stream.of(OFFLINE_CACHED))
        .filter(mode -> mode.wireName().equals(name))
        .findFirst()
        .orElseThrow(() -> new AttestationException.BadMessage(unknown(name)));
  }

  private static String unknown(String name) {
    String why =
        name.endsWith(CACHED)
            ? "; in strict and window modes the broker is asked at each start, so there is no"
                + " restart cache"
            : "";
    return "the freshness mode %s is not known: strict, window:2 to window:64, offline, offline+cache%s"
        .formatted(name, why);
  }

  @Override
  public String toString() {
    return wireName();
  }
}
