package plinius.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import plinius.attestation.kbs.FreshnessMode;
import plinius.attestation.kbs.MirrorId;
import plinius.broker.BrokerRecord;
import plinius.broker.Job;
import plinius.darknet.Network;
import plinius.darknet.cfg.CfgFile;
import plinius.exchange.weights.ModelPool;
import plinius.exchange.weights.ModelPool.Keys;
import plinius.exchange.weights.WeightsWriter;
import plinius.host.PoolDirectory;
import plinius.owner.OwnerKey;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;
import plinius.seal.Id128;

/**
 * From a pool to a file that the original reads: whoever has the owner's key may have the model.
 */
@Command(
    name = "export",
    description = {
      "Unseals a pool's model with the owner's key into a .weights file of Darknet. The file holds",
      "the model in plain. No enclave is needed; the pool is left as it is."
    })
final class WeightsExport extends JsonVerb {
  @Mixin private CfgOptions network;
  @Mixin private OwnerKeyOptions key;

  @Option(
      names = "--pm",
      required = true,
      paramLabel = "DIR",
      description = "The folder of the pool, or of a copy of it.")
  private Path pm;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "The .weights file to write.")
  private Path out;

  @Option(names = "--best", description = "Export the best validated model, not the newest.")
  private boolean best;

  @Option(
      names = "--upto",
      paramLabel = "N",
      defaultValue = "0",
      description = "Write the first N layers only.")
  private int upto;

  @Option(
      names = "--format",
      paramLabel = "V",
      defaultValue = "0.2",
      converter = WeightsFormat.Converter.class,
      description = "0.2 (default), 0.1 or transposed, as for `plinius weights convert`.")
  private WeightsFormat format;

  @Override
  public Integer call() {
    CfgFile cfg = network.parse();
    Path state = Owner.brokerState(key.file());
    try (OwnerKey owner = key.load();
        PoolDirectory folder = PoolDirectory.open(pm, false);
        BrokerRecord record = BrokerRecord.open(owner, state, Clock.systemUTC())) {
      Path pool = best ? folder.best() : folder.pool();
      if (!Files.exists(pool)) {
        throw new Refusal(
            ExitCode.BAD_INPUT,
            pool + " does not exist: `plinius train` makes it" + (best ? ", with --valid" : ""));
      }
      Id128 id = Id128.parse(UnlockedPool.info(pool).identity().jobId());
      Network model = unseal(cfg, owner, record.job(id), id, pool);
      int to = upto == 0 ? model.layers().size() : upto;
      byte[] file = WeightsWriter.write(model, to, format.header(model.seen()));
      WeightsFile.write(out, file);
      report(model, to, id, file.length);
    }
    return ExitCode.DONE.code();
  }

  private Network unseal(CfgFile cfg, OwnerKey owner, Optional<Job> job, Id128 id, Path pool) {
    if (job.isEmpty()) {
      Terminal.notice(
          "the broker beside "
              + key.file()
              + " has no record of job "
              + id
              + ": whether this is its newest model, nobody can tell");
    }
    // The broker keeps no record of the best model's pool.
    Optional<MirrorId> newest = best ? Optional.empty() : job.flatMap(Job::newest);
    FreshnessMode mode = job.map(j -> j.terms().freshness()).orElse(FreshnessMode.DEFAULT);
    long seed = job.map(j -> j.terms().seed()).orElse(Owner.DEFAULT_SEED);
    Network model = ModelPool.network(cfg, seed);
    try (Keys keys = new Keys(id, owner.id(), owner.jobKey(id), owner.digestKey(seed), seed);
        PersistentMemory memory = MappedMemory.open(pool, Access.READ_ONLY, WriteBack.AUTO)) {
      ModelPool.read(pool.toString(), memory, keys, cfg, model, mode, newest, best);
    }
    return model;
  }

  private void report(Network model, int layers, Id128 id, int bytes) {
    if (wantsJson()) {
      Map<String, Object> event = new LinkedHashMap<>();
      event.put("event", "export");
      event.put("job", id.toString());
      event.put("iteration", model.iteration());
      event.put("seen", model.seen());
      event.put("layers", layers);
      event.put("bytes", bytes);
      JsonLines.write(event);
      return;
    }
    Terminal.out()
        .println(
            String.format(
                Locale.ROOT,
                "wrote %s: the first %d layers after %d iterations, %,d bytes, in plain",
                out,
                layers,
                model.iteration(),
                bytes));
  }
}
