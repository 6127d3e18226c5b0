package plinius.exchange.weights;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import plinius.attestation.kbs.FreshnessMode;
import plinius.attestation.kbs.MirrorId;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.enclave.mirror.Freshness;
import plinius.enclave.mirror.MirrorException;
import plinius.enclave.mirror.MirrorTerms;
import plinius.enclave.mirror.MirroredTensor;
import plinius.enclave.mirror.ModelMirror;
import plinius.enclave.mirror.Progress;
import plinius.enclave.train.BestModel;
import plinius.exchange.net.Outline;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;
import plinius.pmem.PersistentMemory;
import plinius.romulus.Protocol;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;

/**
 * A pool in the hands of its owner, who needs no enclave to read it: the job's key derives from the
 * owner's. What the owner writes into a new one is the job's first mirror, sealed and bound as an
 * enclave's is; enclaves accept it because the broker, the owner's too, names it as the newest.
 */
public final class ModelPool {
  /** The epoch of the owner's own mirror: the run before the first training. */
  public static final long EPOCH = 1;

  private ModelPool() {}

  /**
   * What seals a job's pool.
   *
   * @param job whose pool it is
   * @param ownerKeyId name of the owner's key
   * @param jobKey K_job
   * @param digestKey of the state digest
   * @param seed of the job
   */
  public record Keys(
      Id128 job, Id128 ownerKeyId, SecretBytes jobKey, SecretBytes digestKey, long seed)
      implements AutoCloseable {
    /** Wipes the keys. */
    @Override
    public void close() {
      jobKey.close();
      digestKey.close();
    }
  }

  /**
   * What was written into a new pool.
   *
   * @param mirror its identity, for the broker's record
   * @param state the state's digest, as training prints it
   */
  @SuppressWarnings("ArrayRecordComponent") // made for this record and given away with it
  public record Written(MirrorId mirror, byte[] state) {}

  /** A network that computes nothing, with the state that a new job of this seed begins with. */
  public static Network network(CfgFile cfg, long seed) {
    try (Workers workers = new Workers(1)) {
      NetworkOptions options = new NetworkOptions(Kernels.best(), workers, seed, true);
      return Outline.network(cfg, options, true);
    }
  }

  /** How large the file of a new pool has to be. */
  public static long bytes(Network network) {
    return ModelMirror.poolBytes(tensors(network));
  }

  /**
   * Makes memory the pool of a new job, with the network's state as its first mirror; durable on
   * return.
   */
  public static Written create(PersistentMemory memory, Keys keys, CfgFile cfg, Network network) {
    try (ModelMirror mirror =
        ModelMirror.create(
            memory, Protocol.PING_PONG, terms(keys, cfg, network), tensors(network))) {
      Progress progress = new Progress(network.iteration(), network.seen(), network.averageLoss());
      mirror.mirrorOut(progress);
      return new Written(mirror.newest(), mirror.stateDigest(progress));
    }
  }

  /**
   * Opens what {@link #create} made, which has to hold the state that the network has.
   *
   * @param name of the pool, for messages
   * @param memory stays the caller's
   * @param first what was written into the broker's record
   */
  public static Written reopen(
      String name,
      PersistentMemory memory,
      Keys keys,
      CfgFile cfg,
      Network network,
      MirrorId first) {
    try {
      ModelMirror mirror = ModelMirror.open(memory, terms(keys, cfg, network), tensors(network));
      new Freshness(FreshnessMode.STRICT, Optional.of(first), told -> {}).accept(mirror);
      Progress wanted = new Progress(network.iteration(), network.seen(), network.averageLoss());
      byte[] state = mirror.stateDigest(wanted);
      boolean same = mirror.mirrorIn().equals(Optional.of(wanted));
      if (!same || !Arrays.equals(state, mirror.stateDigest(wanted))) {
        throw new WeightsException.BadInput(
            name + " holds other weights than those named now: name the file that began it");
      }
      return new Written(mirror.newest(), state);
    } catch (MirrorException e) {
      throw refusal(name, cfg, e);
    }
  }

  /**
   * Reads the newest mirror of a pool into a network, after all of it was authenticated.
   *
   * @param name of the pool, for messages
   * @param memory stays the caller's
   * @param freshness how far it may be ahead of the broker's record
   * @param newest the broker's record; empty if there is none, as for a best model
   * @param best whether it is the pool of the best validated model
   */
  public static void read(
      String name,
      PersistentMemory memory,
      Keys keys,
      CfgFile cfg,
      Network network,
      FreshnessMode freshness,
      Optional<MirrorId> newest,
      boolean best) {
    List<MirroredTensor> tensors = tensors(network);
    if (best) {
      tensors = BestModel.withValue(tensors);
    }
    try {
      ModelMirror mirror = ModelMirror.open(memory, terms(keys, cfg, network), tensors);
      new Freshness(freshness, newest, told -> {}).accept(mirror);
      Progress progress =
          mirror
              .mirrorIn()
              .orElseThrow(
                  () ->
                      new WeightsException.BadInput(
                          name + " holds no model yet: train one into it first"));
      network.setSeen(progress.seen());
      network.setAverageLoss(progress.averageLoss());
    } catch (MirrorException e) {
      throw refusal(name, cfg, e);
    }
  }

  private static WeightsException refusal(String name, CfgFile cfg, MirrorException refused) {
    return switch (refused) {
      case MirrorException.Tampered e ->
          new WeightsException.Tampered(name + ": " + e.getMessage());
      case MirrorException.Stale e -> new WeightsException.Tampered(name + ": " + e.getMessage());
      case MirrorException.NotFinite e ->
          new WeightsException.BadInput(name + ": " + e.getMessage());
      case MirrorException.WrongKey e ->
          new WeightsException.BadInput(name + ": " + e.getMessage());
      case MirrorException.OtherPlan e ->
          new WeightsException.BadInput(name + ": " + e.getMessage());
      case MirrorException.OtherConfiguration e ->
          new WeightsException.BadInput(
              cfg.name()
                  + " is not the configuration of the model in "
                  + name
                  + ": "
                  + Cfg.difference(e.mirrored(), cfg.canonical()));
    };
  }

  private static MirrorTerms terms(Keys keys, CfgFile cfg, Network network) {
    return new MirrorTerms(
        keys.job(),
        keys.ownerKeyId(),
        keys.jobKey(),
        EPOCH,
        cfg.canonical(),
        keys.seed(),
        network.plan(),
        network.shards(),
        true, // reading computes nothing that could differ
        keys.digestKey());
  }

  private static List<MirroredTensor> tensors(Network network) {
    return network.state().stream()
        .map(t -> new MirroredTensor(t.name(), t.shape(), t.block(), t.offset(), t.count()))
        .toList();
  }
}
