package plinius.enclave;

import java.nio.file.Path;
import java.util.List;
import plinius.attestation.kbs.CfgDigest;
import plinius.attestation.kbs.Grant;
import plinius.boundary.HostMessage.Begin;
import plinius.boundary.HostMessage.DataFile;
import plinius.darknet.Network;
import plinius.darknet.cfg.CfgFile;
import plinius.enclave.mirror.MirrorTerms;
import plinius.enclave.mirror.MirroredTensor;
import plinius.enclave.pmdata.PmData;
import plinius.kernel.Kernels;
import plinius.seal.Id128;

/**
 * What a run is about, once it has its keys.
 *
 * @param begin what the host said of it
 * @param grant what the owner says of it
 * @param cfg of the host, and not believed before {@link #requireGranted}
 * @param network built from it, with no state yet
 */
record Job(Begin begin, Grant grant, CfgFile cfg, Network network) {
  /** Refuses another configuration than the owner granted the keys for. */
  void requireGranted() {
    CfgDigest digest = CfgDigest.ofCanonical(cfg.canonical());
    if (!digest.equals(grant.cfgDigest())) {
      throw new EnclaveException.BadInput(
          ("the owner granted the keys of this job for another configuration than %s with these"
                  + " settings (SHA-256 %s, granted %s); use the granted one, or begin a new job")
              .formatted(begin.cfgName(), digest, grant.cfgDigest()));
    }
  }

  /** Opens a data set that the job was granted. */
  PmData open(DataFile file) {
    return PmData.open(file.name(), Path.of(file.path()), grant);
  }

  /** Opens the one that it is to train on. */
  PmData openTraining() {
    PmData data = open(begin.data());
    Id128 granted = grant.dataKeys().getFirst().id();
    if (!data.id().equals(granted)) {
      data.close();
      throw new EnclaveException.BadInput(
          "the job trains on the data set %s and was given %s".formatted(granted, data.id()));
    }
    return data;
  }

  /** The iteration at which training ends. */
  int target() {
    int whole = cfg.net().integer("max_batches");
    int asked = begin.iterations();
    if (whole == 0 && asked == 0) {
      throw new EnclaveException.BadInput(
          "max_batches in [net] says how many iterations to train; set it, or give --iterations");
    }
    return whole == 0 || asked == 0 ? Math.max(whole, asked) : Math.min(whole, asked);
  }

  /** What the job's mirrors are bound to. */
  MirrorTerms terms() {
    return new MirrorTerms(
        grant.job(),
        grant.ownerKeyId(),
        grant.jobKey(),
        grant.epoch(),
        cfg.canonical(),
        grant.seed(),
        network.plan(),
        network.shards(),
        grant.replan() == Kernels.VERSION,
        grant.digestKey());
  }

  /** The network's state, as mirrors hold it. */
  List<MirroredTensor> tensors() {
    return network.state().stream()
        .map(t -> new MirroredTensor(t.name(), t.shape(), t.block(), t.offset(), t.count()))
        .toList();
  }
}
