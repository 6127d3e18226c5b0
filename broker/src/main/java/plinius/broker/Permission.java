package plinius.broker;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The owner's word that a job's keys may go out.
 *
 * @param policy SHA-256 of the appraisal policy, 64 hexadecimal digits; empty: the broker's own
 * @param until from when on they may not any more; empty: until the owner revokes it
 * @param revoked whether the owner took the word back
 */
public record Permission(Optional<String> policy, Optional<Instant> until, boolean revoked) {
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

  /** What a job has from its first day. */
  public static final Permission DEFAULT = new Permission(Optional.empty(), Optional.empty());

  /** Given, and not taken back. */
  public Permission(Optional<String> policy, Optional<Instant> until) {
    this(policy, until, false);
  }

  public Permission {
    Objects.requireNonNull(until);
    if (policy.isPresent() && !DIGEST.matcher(policy.get()).matches()) {
      throw new IllegalArgumentException("a policy is named by 64 hexadecimal digits");
    }
  }

  Permission takenBack() {
    return new Permission(policy, until, true);
  }
}
