package plinius.enclave.mirror;

import plinius.seal.Id128;
import plinius.seal.SecretBytes;

/**
 * What a mirror is bound to.
 *
 * @param job whose model it is
 * @param ownerKeyId name of the owner's key, in plain in the pool
 * @param jobKey what the state keys derive from
 * @param epoch the least epoch of this run, from the grant
 * @param cfgDigest SHA-256 of canonicalCfg
 * @param canonicalCfg the configuration with its overrides: public text
 * @param seed of initial weights, order and dropout
 * @param plan which kernels decide the bits
 * @param shards into how many parts a batch's sums are split
 * @param digestKey of the state digest; depends on owner and seed, not on job or run
 */
@SuppressWarnings("ArrayRecordComponent") // copied in and out
public record MirrorTerms(
    Id128 job,
    Id128 ownerKeyId,
    SecretBytes jobKey,
    long epoch,
    byte[] cfgDigest,
    String canonicalCfg,
    long seed,
    String plan,
    int shards,
    SecretBytes digestKey) {

  public MirrorTerms {
    if (cfgDigest.length != 32) {
      throw new IllegalArgumentException("a digest has 32 bytes, got " + cfgDigest.length);
    }
    cfgDigest = cfgDigest.clone();
  }

  @Override
  public byte[] cfgDigest() {
    return cfgDigest.clone();
  }
}
