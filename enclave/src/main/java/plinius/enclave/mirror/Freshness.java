package plinius.enclave.mirror;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import plinius.attestation.AttestationException;
import plinius.attestation.kbs.FreshnessMode;
import plinius.attestation.kbs.MirrorId;

/**
 * No way back, and no fork: the broker's record of the newest mirror, against which a pool is
 * accepted and which training moves on (docs/design/attestation.md, Freshness). Of the record the
 * pool may be ahead by the mirrors of the mode, because a run may have died between a mirror and
 * telling of it; behind it by none.
 */
public final class Freshness {
  /** How long training waits for a broker that does not answer, or cannot, before it stops. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Mirrors that a slow answer may take, or half of the window if that is less. */
  private static final int SPARE = 8;

  private static final Duration PAUSE = Duration.ofMillis(500);

  private final FreshnessMode mode;
  private final Optional<MirrorId> known;
  private final Consumer<MirrorId> ledger;
  private long acknowledged;

  /**
   * @param mode the grant's
   * @param known the newest mirror that the broker knew of when it gave the keys
   * @param ledger tells the broker which mirror is the newest, and returns when it has confirmed
   *     that; throws {@link AttestationException} if it refuses, or if there is no answer
   */
  public Freshness(FreshnessMode mode, Optional<MirrorId> known, Consumer<MirrorId> ledger) {
    this.mode = mode;
    this.known = mode.recorded() ? known : Optional.empty();
    this.ledger = ledger;
    this.acknowledged = this.known.map(MirrorId::sequence).orElse(0L);
  }

  /**
   * Refuses the absence of a pool, or of a mirror in it, for a job that has had one.
   *
   * @throws MirrorException.Stale if the broker knows of a mirror
   */
  public void acceptNone() {
    if (acknowledged > 0) {
      throw new MirrorException.Stale(
          "there is no mirror here, and the broker knows of mirror " + acknowledged);
    }
  }

  /**
   * Accepts the newest mirror of a pool, or refuses it.
   *
   * @throws MirrorException.Stale if it is older than the broker's record, further ahead of it than
   *     the mode allows, or not its descendant
   */
  public void accept(ModelMirror mirror) {
    if (known.isEmpty()) {
      return;
    }
    MirrorId newest = mirror.newest();
    long ahead = newest.sequence() - acknowledged;
    if (ahead < 0) {
      throw new MirrorException.Stale(
          "model.pm holds mirror %d, and the broker knows of %d"
              .formatted(newest.sequence(), acknowledged));
    }
    if (ahead > mode.mirrors()) {
      throw new MirrorException.Stale(
          ("model.pm holds mirror %d, %d ahead of the one that the broker knows of, and the job's"
                  + " freshness mode allows %d")
              .formatted(newest.sequence(), ahead, mode.mirrors()));
    }
    if (!mirror.descendsFrom(known.get())) {
      throw new MirrorException.Stale(
          "model.pm holds a mirror %d that did not come from mirror %d as the broker knows it"
              .formatted(newest.sequence(), acknowledged));
    }
  }

  /**
   * Tells the broker of an accepted mirror that it does not know, before training goes on from it:
   * from now on it is the one to come back to.
   */
  public void adopt(MirrorId newest) {
    if (mode.recorded() && newest.sequence() > 0 && !known.equals(Optional.of(newest))) {
      advance(newest, true);
    }
  }

  /**
   * A mirror is durable. Tells the broker while a few of those that the mode allows are left, and
   * returns at the latest when none would be: so an answer may be slow, or missing once. Not
   * earlier, because each time host, broker and this thread take the cores from training.
   *
   * @param newest names the mirror, if it is to be told
   */
  public void mirrored(long sequence, Supplier<MirrorId> newest) {
    long unknown = sequence - acknowledged;
    if (mode.recorded() && unknown >= mode.mirrors() - Math.min(mode.mirrors() / 2, SPARE)) {
      advance(newest.get(), unknown >= mode.mirrors());
    }
  }

  /** Training ends here: leaves nothing untold. */
  public void settle(MirrorId newest) {
    if (mode.recorded() && newest.sequence() > acknowledged) {
      advance(newest, true);
    }
  }

  private void advance(MirrorId newest, boolean must) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    for (; ; ) {
      try {
        ledger.accept(newest);
        acknowledged = newest.sequence();
        return;
      } catch (AttestationException e) {
        if (!must && e.passing()) {
          return; // the next mirror tries again
        }
        if (!e.passing() || System.nanoTime() > end) {
          throw e instanceof AttestationException.Unreachable ? safe(newest, e) : e;
        }
        LockSupport.parkNanos(PAUSE.toNanos());
      }
    }
  }

  private static AttestationException safe(MirrorId newest, AttestationException failure) {
    return new AttestationException.Unreachable(
        ("%s. Mirror %d is safe in the pool; the same command goes on from it once the broker"
                + " answers")
            .formatted(failure.getMessage(), newest.sequence()));
  }
}
