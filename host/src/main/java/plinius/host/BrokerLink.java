package plinius.host;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import plinius.boundary.Bytes;
import plinius.boundary.EnclaveMessage.KbsCall;
import plinius.boundary.HostMessage;
import plinius.boundary.HostMessage.KbsReply;
import plinius.boundary.HostMessage.KbsUnreachable;

/**
 * Carries the enclave's requests to the broker over TLS 1.3 and the answers back. The broker is the
 * one whose key has the pinned digest: no authority vouches for it, and no name is compared. What
 * is secret in an answer is sealed to the enclave's key, so that nothing here needs to be trusted.
 */
public final class BrokerLink implements AutoCloseable {
  private static final String COOKIE = "kbs-session-id";
  private static final int BODY_BYTES_MAX = 4 << 20;

  private static final String AUTH_PATH = "/kbs/v0/auth";
  private static final Pattern VERSION_WANTED = Pattern.compile("kbs-version=([0-9.]{1,16})");
  private static final Pattern VERSION_SAID = Pattern.compile("\"version\":\"[0-9.]*\"");

  private final URI broker;
  private final Optional<String> version;
  private final HttpClient client;

  /**
   * A link to one broker; nothing is sent yet.
   *
   * @param broker its address, https; with {@code ?kbs-version=V} that version of the protocol is
   *     said in the first message, which nothing binds: servers take one version, and not each the
   *     same
   * @param pin SHA-256 of its key's SubjectPublicKeyInfo, 64 hexadecimal digits
   * @throws HostException.Usage if there can be no such address, or no such pin
   */
  public BrokerLink(URI broker, String pin) {
    requireAddress(broker);
    this.broker = broker;
    this.version =
        Optional.ofNullable(broker.getQuery())
            .map(VERSION_WANTED::matcher)
            .filter(Matcher::matches)
            .map(match -> match.group(1));
    SSLContext context;
    try {
      context = SSLContext.getInstance("TLSv1.3");
      context.init(null, new TrustManager[] {new PinnedKey(pin)}, null);
    } catch (GeneralSecurityException e) {
      throw new HostException.Internal("this JDK has no TLS 1.3: " + e, e);
    }
    SSLParameters parameters = new SSLParameters();
    parameters.setProtocols(new String[] {"TLSv1.3"});
    client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(Duration.ofSeconds(10))
            .sslContext(context)
            .sslParameters(parameters)
            .build();
  }

  /** Without TLS there is no key to compare with the pin. */
  static void requireAddress(URI broker) {
    if (!"https".equals(broker.getScheme()) || broker.getHost() == null) {
      throw new HostException.Usage(
          "the broker's address is what it prints, as https://HOST:PORT, got " + broker);
    }
  }

  /** Carries a request and says what came of it: a reply, or that there was none. */
  public HostMessage carry(KbsCall call) {
    try {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(broker.resolve(call.path())).timeout(Duration.ofSeconds(60));
      call.cookie().ifPresent(value -> request.header("Cookie", COOKIE + "=" + value));
      if (call.method().equals("POST")) {
        request.header("Content-Type", "application/json");
        request.POST(HttpRequest.BodyPublishers.ofByteArray(SnpEvidence.translate(body(call))));
      } else {
        request.GET();
      }
      HttpResponse<InputStream> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream body = response.body()) {
        byte[] bytes = body.readNBytes(BODY_BYTES_MAX + 1);
        if (bytes.length > BODY_BYTES_MAX) {
          return unreachable("its answer is longer than " + BODY_BYTES_MAX + " bytes");
        }
        return new KbsReply(response.statusCode(), sessionCookie(response), Bytes.of(bytes));
      }
    } catch (IOException | IllegalArgumentException e) {
      Throwable cause = e;
      while (cause.getCause() != null && cause.getMessage() == null) {
        cause = cause.getCause();
      }
      return unreachable(
          cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return unreachable("interrupted");
    }
  }

  private byte[] body(KbsCall call) {
    byte[] body = call.body().array();
    if (version.isEmpty() || !call.path().equals(AUTH_PATH)) {
      return body;
    }
    return VERSION_SAID
        .matcher(new String(body, StandardCharsets.UTF_8))
        .replaceFirst("\"version\":\"" + version.get() + "\"")
        .getBytes(StandardCharsets.UTF_8);
  }

  private KbsUnreachable unreachable(String why) {
    return new KbsUnreachable("the broker at " + broker + " is out of reach: " + why);
  }

  private static Optional<String> sessionCookie(HttpResponse<?> response) {
    for (String header : response.headers().allValues("Set-Cookie")) {
      String pair = header.split(";", 2)[0].strip();
      if (pair.startsWith(COOKIE + "=")) {
        return Optional.of(pair.substring(COOKIE.length() + 1));
      }
    }
    return Optional.empty();
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
