package plinius.broker;

import java.security.SecureRandom;
import java.security.interfaces.ECPublicKey;
import java.time.Clock;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;
import plinius.seal.Id128;
import plinius.verification.Verification;

/**
 * Who is half-way through an exchange. Each step takes its session out of the table: so a nonce
 * serves one piece of evidence, and accepted evidence serves one grant. A session belongs to the
 * address that began it: from elsewhere its cookie is worth nothing, and does it no harm.
 */
final class Sessions {
  private static final int NONCE_BYTES = 32;

  /** Waiting for evidence over this nonce, from this peer. */
  record Challenged(String id, String peer, TeeKind kind, String nonce, Instant expires) {}

  /**
   * Evidence that some policy accepts; a grant goes to this key, if the job's own policy does.
   *
   * @param verification what the evidence says
   * @param bound the report data of this exchange
   * @param at when it was verified
   */
  record Attested(
      String id,
      String peer,
      Verification verification,
      ReportData bound,
      Instant at,
      ECPublicKey teeKey,
      Instant expires) {}

  private final Limits limits;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();
  private final Map<String, Challenged> challenged = new LinkedHashMap<>();
  private final Map<String, Attested> attested = new LinkedHashMap<>();

  Sessions(Limits limits, Clock clock) {
    this.limits = limits;
    this.clock = clock;
  }

  /**
   * A new session with a new nonce. If too many are open, the oldest that waits at the busiest
   * address makes room, so that nobody can keep the others out; nothing if that address asks.
   */
  synchronized Optional<Challenged> begin(String peer, TeeKind kind) {
    Instant now = clock.instant();
    challenged.values().removeIf(each -> !now.isBefore(each.expires()));
    attested.values().removeIf(each -> !now.isBefore(each.expires()));
    if (challenged.size() + attested.size() >= limits.sessions() && !makeRoom(peer)) {
      return Optional.empty();
    }
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    Challenged session =
        new Challenged(
            Id128.random().toString(),
            peer,
            kind,
            Base64.getEncoder().encodeToString(nonce),
            now.plus(limits.sessionLife()));
    challenged.put(session.id(), session);
    return Optional.of(session);
  }

  // Who has shown evidence keeps its session: strangers have none.
  private boolean makeRoom(String peer) {
    Map<String, Integer> waiting = new LinkedHashMap<>();
    challenged.values().forEach(each -> waiting.merge(each.peer(), 1, Integer::sum));
    int most = waiting.values().stream().mapToInt(Integer::intValue).max().orElse(0);
    if (waiting.getOrDefault(peer, 0) >= most) {
      return false;
    }
    Optional<String> oldest =
        challenged.values().stream()
            .filter(each -> waiting.get(each.peer()) == most)
            .map(Challenged::id)
            .findFirst();
    oldest.ifPresent(challenged::remove);
    return oldest.isPresent();
  }

  /** Takes a session of this peer out whose nonce has not been used. */
  synchronized Optional<Challenged> takeChallenged(String id, String peer) {
    Challenged session = challenged.get(id);
    if (session == null || !session.peer().equals(peer)) {
      return Optional.empty();
    }
    challenged.remove(id);
    return clock.instant().isBefore(session.expires()) ? Optional.of(session) : Optional.empty();
  }

  /** Whether somebody else's session has this id: whoever says it has stolen a cookie. */
  synchronized boolean isOfAnother(String id, String peer) {
    Challenged waiting = challenged.get(id);
    Attested accepted = attested.get(id);
    return (waiting != null && !waiting.peer().equals(peer))
        || (accepted != null && !accepted.peer().equals(peer));
  }

  /** Puts a session back as one that may have a grant. */
  synchronized void attested(Attested session) {
    attested.put(session.id(), session);
  }

  /** Takes a session of this peer out that may have a grant. */
  synchronized Optional<Attested> takeAttested(String id, String peer) {
    Attested session = attested.get(id);
    if (session == null || !session.peer().equals(peer)) {
      return Optional.empty();
    }
    attested.remove(id);
    return clock.instant().isBefore(session.expires()) ? Optional.of(session) : Optional.empty();
  }
}
