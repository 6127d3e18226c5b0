package plinius.attestation.kbs;

import java.util.Objects;
import java.util.Optional;

/**
 * An HTTP request to a key broker, to be carried by somebody else.
 *
 * @param method {@code GET} or {@code POST}
 * @param path path below the broker's address, from {@code /kbs/v0/}
 * @param cookie value of the cookie {@link #SESSION_COOKIE} to send
 * @param body JSON text, empty for {@code GET}; sent as UTF-8
 */
public record KbsRequest(String method, String path, Optional<String> cookie, String body) {
  /** Name of the cookie that holds the session. */
  public static final String SESSION_COOKIE = "kbs-session-id";

  public KbsRequest {
    if (!method.equals("GET") && !method.equals("POST")) {
      throw new IllegalArgumentException("method " + method + ", want GET or POST");
    }
    Objects.requireNonNull(path);
    Objects.requireNonNull(cookie);
    Objects.requireNonNull(body);
  }
}
