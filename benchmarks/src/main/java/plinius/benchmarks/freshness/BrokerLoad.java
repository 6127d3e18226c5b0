package plinius.benchmarks.freshness;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import plinius.attestation.AttestationException;
import plinius.attestation.Attester;
import plinius.attestation.Measurement;
import plinius.attestation.kbs.CfgDigest;
import plinius.attestation.kbs.FreshnessMode;
import plinius.attestation.kbs.Grant;
import plinius.attestation.kbs.KbsClient;
import plinius.attestation.kbs.KbsRequest;
import plinius.attestation.kbs.KbsResponse;
import plinius.attestation.kbs.MirrorId;
import plinius.attestation.simulation.SimulatedPlatform;
import plinius.boundary.Bytes;
import plinius.boundary.EnclaveMessage.KbsCall;
import plinius.boundary.HostMessage.KbsReply;
import plinius.boundary.HostMessage.KbsUnreachable;
import plinius.broker.Broker;
import plinius.broker.BrokerSettings;
import plinius.broker.JobTerms;
import plinius.broker.Limits;
import plinius.host.BrokerLink;
import plinius.host.SimulatedMachine;
import plinius.owner.OwnerKey;
import plinius.seal.Id128;
import plinius.verification.AppraisalPolicy;

/** A broker and one client of it, as an enclave and its host are one, over TLS on loopback. */
final class BrokerLoad implements AutoCloseable {
  /** What a broker is asked for. */
  enum Kind {
    /** Challenge, evidence, grant: a run that begins; one durable line of the log. */
    OPENS,
    /** One mirror told of: one durable line of the log. */
    ADVANCES;

    String option() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final OwnerKey key;
  private final Broker broker;
  private final BrokerLink link;
  private final KbsClient client;
  private final Id128 job;
  private long sequence;

  private BrokerLoad(OwnerKey key, Broker broker, Attester attester) {
    this.key = key;
    this.broker = broker;
    this.link = new BrokerLink(broker.url(), broker.pin());
    this.client = new KbsClient(attester, this::call);
    this.job =
        broker
            .addJob(
                new JobTerms(
                    Optional.empty(),
                    CfgDigest.ofCanonical("[net]"),
                    1,
                    List.of(Id128.random()),
                    FreshnessMode.STRICT))
            .id();
  }

  static BrokerLoad start(Path work) {
    Measurement measurement = Measurement.of(new byte[Measurement.BYTES]);
    Attester attester =
        new SimulatedPlatform(SimulatedMachine.made(work.resolve("platform")), measurement);
    AppraisalPolicy policy = new AppraisalPolicy(true, Set.of(measurement));
    // No bound on one address: here it is the only one.
    Limits limits = new Limits(512 * 1024, 1_000_000, 256, Duration.ofMinutes(5));
    OwnerKey key = OwnerKey.generate();
    Broker broker =
        Broker.start(
            key,
            work.resolve("broker"),
            BrokerSettings.of(policy).withLimits(limits),
            Clock.systemUTC());
    return new BrokerLoad(key, broker, attester);
  }

  /** How often a second it does that for one client that asks without a pause. */
  double perSecond(Kind kind, int seconds) {
    try (Grant grant = client.fetchGrant(job)) {
      long start = System.nanoTime();
      long end = start + seconds * 1_000_000_000L;
      int done = 0;
      while (System.nanoTime() < end) {
        switch (kind) {
          case OPENS -> client.fetchGrant(job).close();
          case ADVANCES -> client.advance(grant, MirrorId.of(++sequence, new byte[32]));
        }
        done++;
      }
      return done / ((System.nanoTime() - start) / 1e9);
    }
  }

  private KbsResponse call(KbsRequest request) {
    byte[] body = request.body().getBytes(StandardCharsets.UTF_8);
    return switch (link.carry(
        new KbsCall(request.method(), request.path(), request.cookie(), Bytes.of(body)))) {
      case KbsReply reply ->
          new KbsResponse(
              reply.status(),
              reply.cookie(),
              new String(reply.body().array(), StandardCharsets.UTF_8));
      case KbsUnreachable none -> throw new AttestationException.Unreachable(none.reason());
      default -> throw new IllegalStateException("a link answers with a reply");
    };
  }

  @Override
  public void close() {
    link.close();
    broker.close();
    key.close();
  }
}
