package plinius.attestation.simulation;

/** The words for what a simulated platform is worth. Every measured run prints them. */
public final class Simulation {
  /** Said by every run on a simulated platform, to its owner and to its operator. */
  public static final String PROTECTS_NOTHING =
      "SIMULATION: this run protects nothing. The enclave is an ordinary process: whoever controls"
          + " this machine can read the data, the model and the keys, and can forge its evidence.";

  /** Name of the key that signs simulated evidence; part of each piece of evidence. */
  public static final String KEY_NAME = "SIMULATION - NOT A TEE";

  /** What is put before the evidence when it is signed, so that it is nothing else's signature. */
  public static final String SIGNED_CONTEXT = "plinius/simulation-evidence/1\n";

  /** ECDSA on P-256 with the signature as r and s, 32 bytes each (JOSE's ES256). */
  public static final String SIGNATURE_ALGORITHM = "SHA256withECDSAinP1363Format";

  private Simulation() {}
}
