package plinius.broker;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import plinius.attestation.kbs.KbsRequest;
import plinius.attestation.kbs.KbsResponse;
import plinius.attestation.kbs.KbsTransport;
import plinius.attestation.kbs.MirrorId;
import plinius.seal.Id128;
import plinius.seal.OwnerKey;
import plinius.seal.SecretBytes;
import plinius.verification.AppraisalPolicy;

/**
 * The owner's key broker: verifies evidence and gives each accepted enclave the one grant of its
 * job, encrypted to a key that the evidence covers. Serves HTTPS (TLS 1.3 only) on the loopback
 * address; whoever carries messages from elsewhere pins {@link #pin}.
 *
 * <p>Jobs, epochs and refusals are in the log of the state directory, never a secret. Several
 * brokers may use one state directory at once.
 */
public final class Broker implements AutoCloseable {
  private static final String LOOPBACK = "127.0.0.1";
  private static final int BODY_BYTES_MAX = 256 * 1024;
  private static final int TOO_LARGE = 413;
  private static final int NOT_FOUND = 404;
  private static final int INTERNAL = 500;
  private static final int BACKLOG = 64;

  private final SecretBytes logKey;
  private final JobBook book;
  private final BrokerKeys keys;
  private final KbsService service;
  private final HttpsServer server;
  private final ExecutorService executor;

  private Broker(
      OwnerKey ownerKey, Path stateDirectory, AppraisalPolicy policy, Clock clock, int port) {
    this.logKey = ownerKey.brokerLogKey();
    try {
      this.book = new JobBook(stateDirectory, ownerKey.id(), logKey, clock);
      this.keys = book.log().exclusively(() -> new BrokerKeys(book.log().directory(), logKey));
      this.service = new KbsService(ownerKey, book, keys, policy, clock);
      this.executor = Executors.newVirtualThreadPerTaskExecutor();
      this.server = server(keys.tls(), port);
    } catch (RuntimeException e) {
      logKey.close();
      throw e;
    }
    server.setExecutor(executor);
    server.createContext("/", this::serve);
    server.start();
  }

  /**
   * Opens the state directory, which is made if missing, and serves.
   *
   * @param ownerKey stays the caller's, who closes it after the broker
   * @param stateDirectory the log and the broker's own keys
   * @param policy which evidence gets keys
   * @param clock for sessions and the log
   * @param port on the loopback address; 0 takes any that is free
   * @throws BrokerException if the state or the port cannot be used
   */
  public static Broker start(
      OwnerKey ownerKey, Path stateDirectory, AppraisalPolicy policy, Clock clock, int port) {
    return new Broker(ownerKey, stateDirectory, policy, clock, port);
  }

  /** Where it serves: {@code https://127.0.0.1:port}. */
  public URI url() {
    return URI.create("https://" + LOOPBACK + ":" + server.getAddress().getPort());
  }

  /** SHA-256 of the server's SubjectPublicKeyInfo, as 64 hexadecimal digits. */
  public String pin() {
    return keys.pin();
  }

  /**
   * Adds a job under a new id.
   *
   * @throws BrokerException.JobConflict if there is one of that name
   */
  public Job addJob(JobTerms terms) {
    return book.add(Id128.random(), terms, 0, Optional.of(MirrorId.NONE));
  }

  /**
   * Adds a job that this broker has no record of, for a pool that has: its key comes from its id,
   * so only the record of its newest mirror is lost: the first run is believed.
   *
   * @param lastEpoch the epoch in the pool; the next training run gets the one after it
   * @throws BrokerException.JobConflict if there is a record, or another job of that name
   */
  public Job adopt(Id128 id, JobTerms terms, long lastEpoch) {
    return book.add(id, terms, lastEpoch, Optional.empty());
  }

  /**
   * The owner's word that a job shall go on from an earlier mirror, because its pool was restored
   * from a copy. Whatever run is under way is fenced.
   *
   * @param sequence of a mirror that a run once told of
   * @throws BrokerException.UnknownJob if there is no such job
   * @throws BrokerException.UnknownMirror if no run told of that mirror
   */
  public Job rewind(Id128 id, long sequence) {
    return book.rewind(id, sequence);
  }

  /** Lets grants to read this job, and only those, have these data sets as well. */
  public Job addTestData(Id128 id, List<Id128> dataSets) {
    return book.addTestData(id, dataSets);
  }

  /** The job with this id. */
  public Optional<Job> job(Id128 id) {
    return book.job(id);
  }

  /** The job that its owner calls so. */
  public Optional<Job> jobByName(String name) {
    return book.jobByName(name);
  }

  /** All jobs, in no order. */
  public List<Job> jobs() {
    return book.jobs();
  }

  /** Carries messages to this broker without a socket. */
  public KbsTransport inProcess() {
    return service::handle;
  }

  /** Stops serving. */
  @Override
  public void close() {
    server.stop(0);
    executor.close();
    logKey.close();
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX + 1);
      String method = exchange.getRequestMethod();
      KbsResponse response;
      if (body.length > BODY_BYTES_MAX) {
        response = new KbsResponse(TOO_LARGE, Optional.empty(), "{}");
      } else if (!method.equals("GET") && !method.equals("POST")) {
        response = new KbsResponse(NOT_FOUND, Optional.empty(), "{}");
      } else {
        response = answer(exchange, new String(body, StandardCharsets.UTF_8));
      }
      send(exchange, response);
    }
  }

  private KbsResponse answer(HttpExchange exchange, String body) {
    try {
      return service.handle(
          new KbsRequest(
              exchange.getRequestMethod(),
              exchange.getRequestURI().getRawPath(),
              session(exchange),
              body));
    } catch (BrokerException e) {
      // The log cannot be written: no keys without a line. The owner sees why at the next call.
      return new KbsResponse(
          INTERNAL, Optional.empty(), "{\"detail\":\"the broker cannot write its log\"}");
    }
  }

  private static void send(HttpExchange exchange, KbsResponse response) throws IOException {
    response
        .cookie()
        .ifPresent(
            id ->
                exchange
                    .getResponseHeaders()
                    .add(
                        "Set-Cookie",
                        KbsRequest.SESSION_COOKIE + "=" + id + "; Path=/; Secure; HttpOnly"));
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    byte[] bytes = response.body().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(response.status(), bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private static Optional<String> session(HttpExchange exchange) {
    List<String> headers = exchange.getRequestHeaders().getOrDefault("Cookie", List.of());
    for (String header : headers) {
      for (String cookie : header.split(";", -1)) {
        String[] pair = cookie.strip().split("=", 2);
        if (pair.length == 2 && pair[0].equals(KbsRequest.SESSION_COOKIE)) {
          return Optional.of(pair[1]);
        }
      }
    }
    return Optional.empty();
  }

  private static HttpsServer server(SSLContext tls, int port) {
    try {
      InetSocketAddress address =
          new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port);
      HttpsServer server = HttpsServer.create(address, BACKLOG);
      server.setHttpsConfigurator(
          new HttpsConfigurator(tls) {
            @Override
            public void configure(HttpsParameters parameters) {
              SSLParameters chosen = getSSLContext().getDefaultSSLParameters();
              chosen.setProtocols(new String[] {"TLSv1.3"});
              parameters.setSSLParameters(chosen);
            }
          });
      return server;
    } catch (IOException e) {
      throw new BrokerException.StateUnusable(
          "cannot serve on " + LOOPBACK + ":" + port + ": " + e + ". Choose another port", e);
    }
  }
}
