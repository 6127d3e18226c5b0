package plinius.attestation;

import java.util.Optional;
import plinius.seal.SecretBytes;

/** The platform, as seen by the enclave that runs on it. */
public interface Attester {
  /** Which platform this is. */
  TeeKind kind();

  /** Evidence of the code that runs, bound to these 64 bytes. */
  Evidence attest(ReportData reportData);

  /** What the evidence will say about the code that runs. */
  Measurement measurement();

  /**
   * A key that only this code on this machine gets, if the platform has one. The caller closes it.
   * A restart cache, never the only copy of anything: on real platforms it changes with updates.
   */
  Optional<SecretBytes> sealingKey();
}
