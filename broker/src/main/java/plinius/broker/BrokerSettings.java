package plinius.broker;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import plinius.attestation.kbs.KbsClient;
import plinius.verification.AppraisalPolicy;
import plinius.verification.Verifier;
import plinius.verification.evidence.Endorsements;

/**
 * How a broker serves.
 *
 * @param policy for the jobs that have none of their own
 * @param verifier its roots are those that evidence has to end at
 * @param endorsements what the owner has of the makers; asked for with each piece of evidence
 * @param limits what strangers can make it do
 * @param protocolVersions versions of the KBS protocol to take
 * @param address where it listens
 * @param port 0 takes any that is free
 */
public record BrokerSettings(
    AppraisalPolicy policy,
    Verifier verifier,
    Supplier<Endorsements> endorsements,
    Limits limits,
    Set<String> protocolVersions,
    InetAddress address,
    int port) {
  public BrokerSettings {
    Objects.requireNonNull(policy);
    Objects.requireNonNull(verifier);
    Objects.requireNonNull(endorsements);
    Objects.requireNonNull(limits);
    Objects.requireNonNull(address);
    protocolVersions = Set.copyOf(protocolVersions);
  }

  /** On the loopback address, with the makers' roots and without endorsements. */
  public static BrokerSettings of(AppraisalPolicy policy) {
    return new BrokerSettings(
        policy,
        new Verifier(),
        Endorsements::none,
        Limits.DEFAULT,
        Set.of(KbsClient.PROTOCOL_VERSION),
        loopback(),
        0);
  }

  /** The same with the owner's folder, or whatever else brings endorsements. */
  public BrokerSettings withEndorsements(Supplier<Endorsements> source) {
    return new BrokerSettings(policy, verifier, source, limits, protocolVersions, address, port);
  }

  /** The same with other roots. */
  public BrokerSettings withVerifier(Verifier other) {
    return new BrokerSettings(policy, other, endorsements, limits, protocolVersions, address, port);
  }

  /** The same with other limits. */
  public BrokerSettings withLimits(Limits other) {
    return new BrokerSettings(
        policy, verifier, endorsements, other, protocolVersions, address, port);
  }

  /** The same with other versions of the protocol. */
  public BrokerSettings withProtocolVersions(Set<String> versions) {
    return new BrokerSettings(policy, verifier, endorsements, limits, versions, address, port);
  }

  /** The same elsewhere. */
  public BrokerSettings at(InetAddress other, int otherPort) {
    return new BrokerSettings(
        policy, verifier, endorsements, limits, protocolVersions, other, otherPort);
  }

  private static InetAddress loopback() {
    try {
      return InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an address", e);
    }
  }
}
