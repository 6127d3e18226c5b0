package plinius.enclave.mirror;

import plinius.attestation.kbs.CfgDigest;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;

/**
 * What a mirror is bound to.
 *
 * @param job whose model it is
 * @param ownerKeyId name of the owner's key, in plain in the pool
 * @param jobKey what the state keys derive from
 * @param epoch the least epoch of this run, from the grant
 * @param canonicalCfg the configuration with its overrides: public text
 * @param seed of initial weights, order and dropout
 * @param plan which kernels decide the bits
 * @param shards into how many parts a batch's sums are split
 * @param replan whether a mirror of another plan is accepted, to go on by this one
 * @param digestKey of the state digest; depends on owner and seed, not on job or run
 */
public record MirrorTerms(
    Id128 job,
    Id128 ownerKeyId,
    SecretBytes jobKey,
    long epoch,
    String canonicalCfg,
    long seed,
    String plan,
    int shards,
    boolean replan,
    SecretBytes digestKey) {

  /** SHA-256 of canonicalCfg. */
  byte[] cfgDigest() {
    return CfgDigest.ofCanonical(canonicalCfg).bytes();
  }
}
