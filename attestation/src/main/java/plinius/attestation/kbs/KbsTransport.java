package plinius.attestation.kbs;

import plinius.attestation.AttestationException;

/** Carries messages to the key broker and back. Nobody trusts it. */
@FunctionalInterface
public interface KbsTransport {
  /**
   * Carries one request.
   *
   * @throws AttestationException.Unreachable if there is no answer
   */
  KbsResponse call(KbsRequest request);
}
