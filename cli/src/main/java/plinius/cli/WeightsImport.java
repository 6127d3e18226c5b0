package plinius.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import plinius.attestation.kbs.CfgDigest;
import plinius.attestation.kbs.FreshnessMode;
import plinius.broker.BrokerRecord;
import plinius.broker.Job;
import plinius.broker.JobTerms;
import plinius.broker.Permission;
import plinius.darknet.Network;
import plinius.darknet.cfg.CfgFile;
import plinius.exchange.weights.ModelPool;
import plinius.exchange.weights.ModelPool.Keys;
import plinius.exchange.weights.ModelPool.Written;
import plinius.exchange.weights.WeightsReader.Contents;
import plinius.exchange.weights.WeightsReader.Part;
import plinius.host.PoolDirectory;
import plinius.owner.OwnerKey;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.PmemException;
import plinius.pmem.WriteBack;
import plinius.romulus.Pool;
import plinius.romulus.PoolException;
import plinius.seal.Id128;
import plinius.store.PoolFile;

/**
 * Begins a job with weights that were trained elsewhere. The owner seals them, as the job's first
 * mirror, and writes that mirror into the broker's record: so enclaves begin with it, and with
 * nothing that a host might put in its place.
 */
@Command(
    name = "import",
    description = {
      "Begins a job with pre-trained weights: seals them into a new pool, from which `plinius",
      "train` goes on. The pool may go to machines that nobody trusts."
    })
final class WeightsImport extends JsonVerb {
  @Mixin private CfgOptions network;
  @Mixin private OwnerKeyOptions key;

  @Parameters(index = "1", paramLabel = "FILE", description = "A .weights file.")
  private Path file;

  @Option(
      names = "--pm",
      required = true,
      paramLabel = "DIR",
      description = "The folder for the new pool.")
  private Path pm;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "F",
      description = "The sealed data set that the job will train on.")
  private Path data;

  @Option(names = "--valid", paramLabel = "F", description = "A sealed data set to validate on.")
  private Path valid;

  @Option(
      names = "--job",
      paramLabel = "NAME",
      converter = Choices.JobNameConverter.class,
      description = "A name for the job.")
  private String job;

  @Option(
      names = "--upto",
      paramLabel = "N",
      defaultValue = "0",
      description = "The file holds the first N layers only; the others begin as in a new job.")
  private int upto;

  @Option(
      names = "--keep-seen",
      description = "Go on with the iteration that the file has come to (default: iteration 0).")
  private boolean keepSeen;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Seed of the job (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--freshness",
      paramLabel = "MODE",
      converter = Choices.FreshnessConverter.class,
      description = "As for `plinius train` (default: window:32).")
  private FreshnessMode freshness;

  private record Begun(Id128 id, Written written) {}

  @Override
  public Integer call() {
    CfgFile cfg = network.parse();
    try (OwnerKey owner = key.load()) {
      JobTerms terms = terms(cfg, owner);
      Network made = ModelPool.network(cfg, seed);
      Contents contents = WeightsCommand.read(file, made, upto);
      requireFinite(contents);
      if (keepSeen) {
        startFrom(contents.header().seen(), made);
      }
      report(contents, made, seal(cfg, owner, terms, made));
    }
    return ExitCode.DONE.code();
  }

  private void startFrom(long seen, Network made) {
    try {
      made.setSeen(seen - seen % made.batch());
      if (made.iteration() >= 0) {
        return;
      }
    } catch (ArithmeticException e) {
      // More iterations than a network counts: refused below.
    }
    throw new Refusal(
        ExitCode.BAD_INPUT,
        file
            + " says that "
            + seen
            + " images were seen, which is no number of iterations to go on from: leave"
            + " --keep-seen out");
  }

  private JobTerms terms(CfgFile cfg, OwnerKey owner) {
    List<Id128> sets = new ArrayList<>();
    sets.add(SealedFiles.infoForOwner(data, key.file(), owner.id()).id());
    if (valid != null) {
      Id128 set = SealedFiles.infoForOwner(valid, key.file(), owner.id()).id();
      if (!sets.contains(set)) {
        sets.add(set);
      }
    }
    return new JobTerms(
        Optional.ofNullable(job),
        CfgDigest.ofCanonical(cfg.canonical()),
        seed,
        sets,
        freshness == null ? FreshnessMode.DEFAULT : freshness);
  }

  /** Training would stop at its first iteration. */
  private void requireFinite(Contents contents) {
    for (Part part : contents.layers()) {
      if (part.nonFinite() > 0) {
        throw new Refusal(
            ExitCode.BAD_INPUT,
            file
                + ": "
                + part.nonFinite()
                + " values of layer "
                + part.layer()
                + " ("
                + part.type()
                + ") are no finite numbers: the model had diverged, or the file is of another"
                + " network");
      }
    }
  }

  /** The pool gets its name last: a job that is not in the record has none. */
  private Begun seal(CfgFile cfg, OwnerKey owner, JobTerms terms, Network made) {
    Path state = Owner.brokerState(key.file());
    try (PoolDirectory folder = PoolDirectory.open(pm, true);
        BrokerRecord record = BrokerRecord.open(owner, state, Clock.systemUTC())) {
      for (Path there : List.of(folder.pool(), folder.best())) {
        if (Files.exists(there)) {
          throw new Refusal(
              ExitCode.BAD_INPUT,
              there + " exists: a job begins in an empty folder; name another with --pm");
        }
      }
      Path making = folder.pool().resolveSibling(PoolFile.MODEL + ".import");
      Optional<Job> killed = recorded(making, record);
      if (killed.isPresent()) {
        Written written = requireSame(killed.get(), making, cfg, owner, terms, made);
        folder.install(making);
        return new Begun(killed.get().id(), written);
      }
      Id128 id = Id128.random();
      try {
        folder.createPool(making, ModelPool.bytes(made));
        Written written;
        try (Keys keys = keys(owner, id);
            PersistentMemory memory =
                MappedMemory.open(making, Access.READ_WRITE, WriteBack.AUTO)) {
          written = ModelPool.create(memory, keys, cfg, made);
        }
        record.addBegun(id, terms, ModelPool.EPOCH, written.mirror(), Permission.DEFAULT);
        folder.install(making);
        return new Begun(id, written);
      } finally {
        if (record.job(id).isEmpty()) {
          Files.deleteIfExists(making); // else it is all there is of a job in the record
        }
      }
    } catch (IOException e) {
      throw new Refusal(ExitCode.MEDIUM, "cannot write into " + pm + ": " + Failures.why(e));
    }
  }

  /** The job whose pool this is, if an import was killed after it had got into the record. */
  private static Optional<Job> recorded(Path making, BrokerRecord record) {
    if (!Files.exists(making)) {
      return Optional.empty();
    }
    try (PersistentMemory memory = MappedMemory.open(making, Access.READ_ONLY, WriteBack.AUTO)) {
      return record.job(Id128.parse(Pool.open(memory).info().identity().jobId()));
    } catch (PoolException | PmemException e) {
      return Optional.empty(); // killed before the pool was whole, so before the record
    }
  }

  private Written requireSame(
      Job killed, Path making, CfgFile cfg, OwnerKey owner, JobTerms terms, Network made) {
    if (!killed.terms().equals(terms)) {
      throw new Refusal(
          ExitCode.BAD_INPUT,
          making
              + " is of an import of job "
              + killed.terms().name().orElse(killed.id().toString())
              + " that was killed: the command that began it finishes it; else name another --pm");
    }
    try (Keys keys = keys(owner, killed.id());
        PersistentMemory memory = MappedMemory.open(making, Access.READ_ONLY, WriteBack.AUTO)) {
      return ModelPool.reopen(
          making.toString(), memory, keys, cfg, made, killed.newest().orElseThrow());
    }
  }

  private Keys keys(OwnerKey owner, Id128 id) {
    return new Keys(id, owner.id(), owner.jobKey(id), owner.digestKey(seed), seed);
  }

  private void report(Contents contents, Network made, Begun begun) {
    long values = contents.layers().stream().mapToLong(Part::values).sum();
    String state = HexFormat.of().formatHex(begun.written().state());
    if (wantsJson()) {
      Map<String, Object> event = new LinkedHashMap<>();
      event.put("event", "import");
      event.put("job", begun.id().toString());
      event.put("iteration", made.iteration());
      event.put("layers", contents.layers().size());
      event.put("values", values);
      event.put("seen", contents.header().seen());
      event.put("state", state);
      JsonLines.write(event);
      return;
    }
    Terminal.out()
        .println(
            String.format(
                Locale.ROOT,
                "sealed %,d values of %d layers into %s at iteration %d (the file says that %,d"
                    + " images were seen)",
                values,
                contents.layers().size(),
                pm,
                made.iteration(),
                contents.header().seen()));
    Terminal.out().println("job     " + begun.id());
    Terminal.out().println("state   " + state);
  }
}
