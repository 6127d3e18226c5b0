package plinius.attestation.kbs;

import java.util.Objects;
import java.util.Optional;

/**
 * A key broker's answer.
 *
 * @param status HTTP status
 * @param cookie value of the cookie {@link KbsRequest#SESSION_COOKIE}, where the answer sets it
 * @param body JSON text
 */
public record KbsResponse(int status, Optional<String> cookie, String body) {
  public KbsResponse {
    Objects.requireNonNull(cookie);
    Objects.requireNonNull(body);
  }
}
