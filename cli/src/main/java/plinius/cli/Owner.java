package plinius.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import plinius.attestation.kbs.CfgDigest;
import plinius.attestation.kbs.FreshnessMode;
import plinius.attestation.simulation.ImageMeasurement;
import plinius.boundary.HostMessage.Mode;
import plinius.broker.Broker;
import plinius.broker.BrokerSettings;
import plinius.broker.Job;
import plinius.broker.JobTerms;
import plinius.dataset.DataSetInfo;
import plinius.dataset.SealedResult;
import plinius.host.HostArguments;
import plinius.kernel.Kernels;
import plinius.owner.OwnerKey;
import plinius.owner.SealedResultReader;
import plinius.romulus.PoolInfo;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;
import plinius.store.PoolFile;
import plinius.verification.AppraisalPolicy;

/**
 * The owner's side of a run: the key, and the broker in this process, which releases keys to the
 * enclave of the owner's own build and to nothing else.
 */
public final class Owner implements AutoCloseable {
  /** Seed of a job for which nobody asked for another. */
  static final long DEFAULT_SEED = 1;

  /** With what the host starts the enclave: a part of the measurement, as the image is. */
  static final List<String> ENCLAVE_ARGUMENTS =
      List.of("-m", "plinius.enclave/plinius.enclave.Main");

  private final Installation installation;
  private final Path keyFile;
  private final OwnerKey key;
  private final Broker broker;

  private Owner(Installation installation, Path keyFile, OwnerKey key, Broker broker) {
    this.installation = installation;
    this.keyFile = keyFile;
    this.key = key;
    this.broker = broker;
  }

  /**
   * Reads the key and starts the broker; its record lies beside the key.
   *
   * @param installation where the enclave's image lies, whose measurement is the expected one
   * @param keyFile the owner's key
   * @param passphraseFile holds the key file's passphrase
   * @param port of the broker on 127.0.0.1, 0 for any
   * @return close it to stop the broker and to wipe the key
   */
  public static Owner start(
      Installation installation, Path keyFile, Optional<Path> passphraseFile, int port) {
    BrokerSettings settings = BrokerSettings.of(simulationOfThisBuild(installation));
    return start(installation, keyFile, passphraseFile, settings.at(settings.address(), port));
  }

  /** The same with a broker that serves as these settings say. */
  static Owner start(
      Installation installation,
      Path keyFile,
      Optional<Path> passphraseFile,
      BrokerSettings settings) {
    OwnerKey key = KeyFiles.load(keyFile, passphraseFile);
    try {
      Broker broker = Broker.start(key, brokerState(keyFile), settings, Clock.systemUTC());
      return new Owner(installation, keyFile, key, broker);
    } catch (RuntimeException e) {
      key.close();
      throw e;
    }
  }

  /** Reads an owner's key, asking for its passphrase where it has one. */
  public static OwnerKey loadKey(Path keyFile, Optional<Path> passphraseFile) {
    return KeyFiles.load(keyFile, passphraseFile);
  }

  /** Where the broker's record lies: beside the owner's key. */
  public static Path brokerState(Path keyFile) {
    return keyFile.resolveSibling(keyFile.getFileName() + ".broker");
  }

  /** Keys for the simulated enclave of the owner's own build, and for nothing else. */
  static AppraisalPolicy simulationOfThisBuild(Installation installation) {
    return new AppraisalPolicy(
        true, Set.of(ImageMeasurement.of(installation.existingImage(), ENCLAVE_ARGUMENTS)));
  }

  Broker broker() {
    return broker;
  }

  /**
   * Finds or adds the job and says what the host has to know.
   *
   * @param request what the user asked for
   * @return arguments for {@link HostProcess}
   */
  public HostArguments prepare(RunRequest request) {
    DataSetInfo data = SealedFiles.infoForOwner(request.data(), keyFile, key.id());
    Optional<DataSetInfo> valid =
        request.training().valid().map(file -> SealedFiles.infoForOwner(file, keyFile, key.id()));
    CfgDigest cfg = CfgDigests.of(request.cfg(), request.settings());
    List<Id128> sets = new ArrayList<>(List.of(data.id()));
    valid.map(DataSetInfo::id).filter(id -> !sets.contains(id)).ifPresent(sets::add);

    Job job =
        request.mode() == Mode.TRAIN
            ? jobToTrain(request, cfg, sets)
            : jobToTest(request, cfg, sets);
    return HostRequests.of(
        installation, request, data, valid, job.id(), broker.url(), broker.pin());
  }

  /** Opens what the enclave of a job answered. */
  byte[] open(Path answer, SealedResult.Content content, Id128 job) throws IOException {
    try (SecretBytes jobKey = key.jobKey(job)) {
      return SealedResultReader.open(
          answer.toString(), Files.readAllBytes(answer), content, job, jobKey);
    }
  }

  /** Adds a job for somebody who trains elsewhere. */
  Job addJob(NewJobOptions job) {
    return broker.addJob(job.terms(keyFile, key.id()));
  }

  private Job jobToTest(RunRequest request, CfgDigest cfg, List<Id128> sets) {
    PoolInfo pool =
        UnlockedPool.infoIn(request.pm())
            .orElseThrow(
                () ->
                    new Refusal(
                        ExitCode.BAD_INPUT,
                        "there is no model to test in "
                            + request.pm()
                            + ": `plinius train` makes one"));
    requireOwnPool(request.pm(), pool);
    Job job =
        recorded(pool)
            .orElseGet(
                () ->
                    adopt(
                        pool,
                        new JobTerms(
                            Optional.empty(), cfg, DEFAULT_SEED, sets, FreshnessMode.DEFAULT)));
    return broker.addTestData(job.id(), sets);
  }

  private Job jobToTrain(RunRequest request, CfgDigest cfg, List<Id128> sets) {
    Optional<PoolInfo> pool =
        request.training().fresh() ? Optional.empty() : UnlockedPool.infoIn(request.pm());
    pool.ifPresent(found -> requireOwnPool(request.pm(), found));
    JobTerms terms =
        new JobTerms(
            request.training().job(),
            cfg,
            request.training().seed().orElse(DEFAULT_SEED),
            sets,
            request.training().freshness().orElse(FreshnessMode.DEFAULT));
    Optional<Job> named = request.training().job().flatMap(broker::jobByName);
    if (pool.isEmpty()) {
      if (request.training().replan()) {
        throw new Refusal(
            ExitCode.BAD_INPUT,
            "there is no model in "
                + request.pm()
                + " that could go on with other kernels: leave --replan out");
      }
      named.ifPresent(job -> requireSameTerms(request, job, cfg, sets));
      return named.orElseGet(() -> broker.addJob(terms));
    }
    Job job = recorded(pool.get()).orElseGet(() -> adopt(pool.get(), terms));
    requireSameName(request, job);
    requireSameTerms(request, job, job.terms().cfgDigest(), sets);
    return request.training().replan() ? broker.replan(job.id(), Kernels.VERSION) : job;
  }

  private Optional<Job> recorded(PoolInfo pool) {
    return broker.job(Id128.parse(pool.identity().jobId()));
  }

  private Job adopt(PoolInfo pool, JobTerms terms) {
    Id128 id = Id128.parse(pool.identity().jobId());
    Terminal.notice(
        "the broker's record of job "
            + id
            + " is lost: it begins anew with this command's cfg, seed and data. The model is safe;"
            + " whether it is the newest one, nobody can tell any more");
    // No grant can have been given for more epochs than this without a mirror between them.
    return broker.adopt(id, terms, pool.sequence());
  }

  private void requireOwnPool(Path pm, PoolInfo pool) {
    Id128 poolKey = Id128.parse(pool.identity().keyId());
    if (!poolKey.equals(key.id())) {
      throw new Refusal(
          ExitCode.BAD_INPUT,
          "wrong key: the pool "
              + pm.resolve(PoolFile.MODEL)
              + " is sealed under the key with id "
              + poolKey
              + ", but "
              + keyFile
              + " is the key with id "
              + key.id());
    }
  }

  private static void requireSameName(RunRequest request, Job job) {
    request
        .training()
        .job()
        .filter(name -> !job.terms().name().equals(Optional.of(name)))
        .ifPresent(
            name -> {
              throw new Refusal(
                  ExitCode.BAD_INPUT,
                  "the pool in "
                      + request.pm()
                      + " belongs to job "
                      + job.terms().name().orElse(job.id().toString())
                      + ", not to "
                      + name
                      + ": leave --job out, or name another --pm");
            });
  }

  /** Only for a better message: the enclave refuses whatever its grant does not name. */
  private static void requireSameTerms(
      RunRequest request, Job job, CfgDigest cfg, List<Id128> sets) {
    String name = "job " + job.terms().name().orElse(job.id().toString());
    if (!job.terms().cfgDigest().equals(cfg)) {
      throw new Refusal(
          ExitCode.BAD_INPUT,
          name + " was added with another cfg than " + request.cfg() + " with these --set values");
    }
    request
        .training()
        .seed()
        .ifPresent(
            seed -> {
              if (seed != job.terms().seed()) {
                throw new Refusal(
                    ExitCode.BAD_INPUT,
                    name
                        + " has seed "
                        + job.terms().seed()
                        + ", not "
                        + seed
                        + ": leave --seed out to go on, or use --fresh or another --pm");
              }
            });
    request
        .training()
        .freshness()
        .filter(mode -> !mode.equals(job.terms().freshness()))
        .ifPresent(
            mode -> {
              throw new Refusal(
                  ExitCode.BAD_INPUT,
                  name
                      + " was added with the freshness mode "
                      + job.terms().freshness()
                      + ", which stays: leave --freshness out to go on, or begin a new job");
            });
    for (Id128 set : sets) {
      if (!job.terms().dataSets().contains(set)) {
        throw new Refusal(
            ExitCode.BAD_INPUT,
            name
                + " trains on data sets "
                + job.terms().dataSets()
                + ", and "
                + set
                + " is none of them: name the sealed file with which it began");
      }
    }
  }

  @Override
  public void close() {
    broker.close();
    key.close();
  }
}
