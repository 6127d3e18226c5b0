package plinius.broker;

import java.security.SecureRandom;
import java.security.interfaces.ECPublicKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import plinius.attestation.TeeKind;
import plinius.seal.Id128;
import plinius.verification.Appraisal;

/**
 * Who is half-way through an exchange. Each step takes its session out of the table: so a nonce
 * serves one piece of evidence, and accepted evidence serves one grant.
 */
final class Sessions {
  static final Duration LIFE = Duration.ofMinutes(5);
  static final int SESSIONS_MAX = 256;
  private static final int NONCE_BYTES = 32;

  /** Waiting for evidence over this nonce. */
  record Challenged(String id, TeeKind kind, String nonce, Instant expires) {}

  /** Evidence accepted; a grant goes to this key. */
  record Attested(String id, Appraisal.Accepted accepted, ECPublicKey teeKey, Instant expires) {}

  private final Clock clock;
  private final SecureRandom random = new SecureRandom();
  private final Map<String, Challenged> challenged = new LinkedHashMap<>();
  private final Map<String, Attested> attested = new LinkedHashMap<>();

  Sessions(Clock clock) {
    this.clock = clock;
  }

  /** A new session with a new nonce; nothing if too many are open. */
  synchronized Optional<Challenged> begin(TeeKind kind) {
    Instant now = clock.instant();
    challenged.values().removeIf(each -> !now.isBefore(each.expires()));
    attested.values().removeIf(each -> !now.isBefore(each.expires()));
    if (challenged.size() + attested.size() >= SESSIONS_MAX) {
      return Optional.empty();
    }
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    Challenged session =
        new Challenged(
            Id128.random().toString(),
            kind,
            Base64.getEncoder().encodeToString(nonce),
            now.plus(LIFE));
    challenged.put(session.id(), session);
    return Optional.of(session);
  }

  /** Takes a session out whose nonce has not been used. */
  synchronized Optional<Challenged> takeChallenged(String id) {
    return Optional.ofNullable(challenged.remove(id))
        .filter(session -> clock.instant().isBefore(session.expires()));
  }

  /** Puts a session back as one that may have a grant. */
  synchronized void attested(Attested session) {
    attested.put(session.id(), session);
  }

  /** Takes a session out that may have a grant. */
  synchronized Optional<Attested> takeAttested(String id) {
    return Optional.ofNullable(attested.remove(id))
        .filter(session -> clock.instant().isBefore(session.expires()));
  }
}
