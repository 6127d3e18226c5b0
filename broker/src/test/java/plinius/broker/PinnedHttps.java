package plinius.broker;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import plinius.attestation.AttestationException;
import plinius.attestation.kbs.KbsRequest;
import plinius.attestation.kbs.KbsResponse;
import plinius.attestation.kbs.KbsTransport;
import plinius.host.PinnedKey;

/** HTTPS to a server whose key is pinned, whatever its certificate says besides. */
final class PinnedHttps implements KbsTransport {
  private final URI url;
  private final HttpClient http;

  PinnedHttps(URI url, String pin) {
    this(url, pin, "TLSv1.3");
  }

  PinnedHttps(URI url, String pin, String protocol) {
    this(url, pin, protocol, HttpClient.newBuilder());
  }

  /** Comes from another address of this machine. */
  static PinnedHttps from(URI url, String pin, String address) {
    try {
      return new PinnedHttps(
          url,
          pin,
          "TLSv1.3",
          HttpClient.newBuilder().localAddress(InetAddress.getByName(address)));
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private PinnedHttps(URI url, String pin, String protocol, HttpClient.Builder builder) {
    this.url = url;
    try {
      SSLContext tls = SSLContext.getInstance("TLS");
      tls.init(null, new TrustManager[] {new PinnedKey(pin)}, null);
      this.http =
          builder
              .sslContext(tls)
              .sslParameters(new SSLParameters(null, new String[] {protocol}))
              .connectTimeout(Duration.ofSeconds(10))
              .build();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public KbsResponse call(KbsRequest request) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(url.resolve(request.path()))
            .timeout(Duration.ofSeconds(20))
            .method(request.method(), HttpRequest.BodyPublishers.ofString(request.body()));
    request
        .cookie()
        .ifPresent(id -> builder.header("Cookie", "a=b; " + KbsRequest.SESSION_COOKIE + "=" + id));
    try {
      HttpResponse<String> response =
          http.send(builder.build(), HttpResponse.BodyHandlers.ofString());
      Optional<String> cookie =
          response
              .headers()
              .firstValue("Set-Cookie")
              .map(value -> value.split(";", -1)[0].split("=", 2)[1]);
      return new KbsResponse(response.statusCode(), cookie, response.body());
    } catch (IOException e) {
      throw new AttestationException.Unreachable("no answer from " + url);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AttestationException.Unreachable("interrupted");
    }
  }
}
