package plinius.broker;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
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
import plinius.attestation.kbs.KbsClient;
import plinius.attestation.kbs.KbsRequest;
import plinius.attestation.kbs.KbsResponse;
import plinius.attestation.kbs.KbsTransport;
import plinius.owner.OwnerKey;
import plinius.seal.Id128;
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
  /** What everybody may know of a job who knows its id: GET below this path. */
  public static final String STATUS_PATH = KbsService.STATUS_PATH;

  private static final int TOO_LARGE = 413;
  private static final int TOO_MANY = 429;
  private static final int NOT_FOUND = 404;
  private static final int INTERNAL = 500;
  private static final int BACKLOG = 64;

  static {
    // The JDK's server has no other way to be told; whoever started us may have said else.
    limit("jdk.httpserver.maxConnections", "1024");
    limit("sun.net.httpserver.maxReqTime", "30");
    limit("sun.net.httpserver.maxRspTime", "30");
  }

  private final BrokerRecord record;
  private final BrokerKeys keys;
  private final BrokerSettings settings;
  private final KbsService service;
  private final RateLimit rate;
  private final RateLimit othersRate;
  private final HttpsServer server;
  private final ExecutorService executor;

  private Broker(OwnerKey ownerKey, Path stateDirectory, BrokerSettings settings, Clock clock) {
    this.settings = settings;
    this.rate = new RateLimit(settings.limits().exchangesPerSecond(), clock);
    this.othersRate = new RateLimit(settings.limits().othersPerSecond(), clock);
    this.record = BrokerRecord.open(ownerKey, stateDirectory, clock);
    try {
      BrokerLog log = record.book().log();
      this.keys = log.exclusively(() -> new BrokerKeys(log.directory(), record.logKey()));
      this.service = new KbsService(ownerKey, record, keys, settings, clock);
      this.executor = Executors.newVirtualThreadPerTaskExecutor();
      this.server = server(keys.tls(), new InetSocketAddress(settings.address(), settings.port()));
    } catch (RuntimeException e) {
      record.close();
      throw e;
    }
    server.setExecutor(executor);
    server.createContext("/", this::serve);
    server.start();
  }

  private static void limit(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  /**
   * Anchors the log of a state directory in a TPM, from the next start on and for all who use it.
   *
   * @param address {@code tpm:/dev/tpmrm0}, {@code tpm:unix:PATH} or {@code tpm:tcp:HOST:PORT}
   */
  public static void anchorAt(Path stateDirectory, String address) {
    BrokerLog.anchorAt(stateDirectory, address);
  }

  /**
   * Opens the state directory, which is made if missing, and serves on the loopback address.
   *
   * @param ownerKey stays the caller's, who closes it after the broker
   * @param stateDirectory the log and the broker's own keys
   * @param policy which evidence gets keys
   * @param clock for sessions and the log
   * @param port 0 takes any that is free
   * @throws BrokerException if the state or the port cannot be used
   */
  public static Broker start(
      OwnerKey ownerKey, Path stateDirectory, AppraisalPolicy policy, Clock clock, int port) {
    BrokerSettings settings = BrokerSettings.of(policy);
    return start(ownerKey, stateDirectory, settings.at(settings.address(), port), clock);
  }

  /** The same as these settings say. */
  public static Broker start(
      OwnerKey ownerKey, Path stateDirectory, BrokerSettings settings, Clock clock) {
    return new Broker(ownerKey, stateDirectory, settings, clock);
  }

  /** Where it serves: {@code https://address:port}. */
  public URI url() {
    String address = settings.address().getHostAddress();
    boolean six = settings.address() instanceof Inet6Address;
    return URI.create(
        "https://" + (six ? "[" + address + "]" : address) + ":" + server.getAddress().getPort());
  }

  /** What it remembers; closed with the broker. */
  public BrokerRecord records() {
    return record;
  }

  /** SHA-256 of the server's SubjectPublicKeyInfo, as 64 hexadecimal digits. */
  public String pin() {
    return keys.pin();
  }

  /** As {@link BrokerRecord#addJob}. */
  public Job addJob(JobTerms terms) {
    return record.addJob(terms);
  }

  /** As {@link BrokerRecord#adopt}. */
  public Job adopt(Id128 id, JobTerms terms, long lastEpoch) {
    return record.adopt(id, terms, lastEpoch);
  }

  /** As {@link BrokerRecord#rewind}. */
  public Job rewind(Id128 id, long sequence) {
    return record.rewind(id, sequence);
  }

  /** As {@link BrokerRecord#replan}. */
  public Job replan(Id128 id, long kernels) {
    return record.replan(id, kernels);
  }

  /** As {@link BrokerRecord#addTestData}. */
  public Job addTestData(Id128 id, List<Id128> dataSets) {
    return record.addTestData(id, dataSets);
  }

  /** The job with this id. */
  public Optional<Job> job(Id128 id) {
    return record.job(id);
  }

  /** The job that its owner calls so. */
  public Optional<Job> jobByName(String name) {
    return record.jobByName(name);
  }

  /** Carries messages to this broker without a socket. */
  public KbsTransport inProcess() {
    return request -> service.handle(request, "this process");
  }

  /** Stops serving. */
  @Override
  public void close() {
    server.stop(0);
    executor.close();
    try {
      record.book().summarizeRefusals();
    } catch (BrokerException _) {
      // A log that cannot be used: whoever opens it next hears why.
    }
    record.close();
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      send(exchange, answer(exchange));
    }
  }

  private KbsResponse answer(HttpExchange exchange) throws IOException {
    String method = exchange.getRequestMethod();
    String path = exchange.getRequestURI().getRawPath();
    String peer = exchange.getRemoteAddress().getAddress().getHostAddress();
    String step = method + " " + path;
    int most = settings.limits().bodyBytes(method, path);
    try {
      // What costs a signature or more has a rate of its own: it does not hold up a run under way.
      boolean begins = path.equals(KbsClient.AUTH_PATH) || path.equals(KbsClient.ATTEST_PATH);
      if (!(begins ? rate : othersRate).allows(peer)) {
        return service.refuseUnread(step, peer, TOO_MANY, "too many requests: try again later");
      }
      byte[] body = exchange.getRequestBody().readNBytes(most + 1);
      if (body.length > most) {
        // Read past, not kept: who is still sending would not hear the answer.
        exchange.getRequestBody().skip(settings.limits().bodyBytes());
        return service.refuseUnread(step, peer, TOO_LARGE, "a body of over " + most + " bytes");
      }
      if (!method.equals("GET") && !method.equals("POST")) {
        return service.refuseUnread(step, peer, NOT_FOUND, "there is nothing at this path");
      }
      return service.handle(
          new KbsRequest(method, path, session(exchange), new String(body, StandardCharsets.UTF_8)),
          peer);
    } catch (BrokerException | UncheckedIOException e) {
      // The log cannot be written, or endorsements not be read: no keys without a line. The owner
      // sees why at the next call.
      return new KbsResponse(
          INTERNAL,
          Optional.empty(),
          "{\"detail\":\"the broker cannot use its state: its owner has to start it anew\"}");
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

  private static HttpsServer server(SSLContext tls, InetSocketAddress address) {
    try {
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
          "cannot serve on " + address + ": " + e + ". Choose another address or port", e);
    }
  }
}
