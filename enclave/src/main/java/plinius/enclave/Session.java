package plinius.enclave;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import plinius.attestation.AttestationException;
import plinius.attestation.Attester;
import plinius.attestation.Platforms;
import plinius.attestation.TeeKind;
import plinius.attestation.kbs.CfgDigest;
import plinius.attestation.kbs.Grant;
import plinius.attestation.kbs.KbsClient;
import plinius.attestation.kbs.RestartCache;
import plinius.attestation.simulation.ImageMeasurement;
import plinius.attestation.simulation.SimulatedPlatform;
import plinius.attestation.simulation.Simulation;
import plinius.attestation.tsm.RuntimeMeasurement;
import plinius.boundary.Bytes;
import plinius.boundary.EnclaveMessage;
import plinius.boundary.HostMessage.Begin;
import plinius.boundary.HostMessage.DataFile;
import plinius.boundary.HostMessage.Mode;
import plinius.boundary.HostMessage.PoolReady;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.enclave.mirror.Freshness;
import plinius.enclave.mirror.MirrorException;
import plinius.enclave.mirror.MirroredTensor;
import plinius.enclave.mirror.ModelMirror;
import plinius.enclave.mirror.Progress;
import plinius.enclave.pmdata.BatchSource;
import plinius.enclave.pmdata.Fitting;
import plinius.enclave.pmdata.PmData;
import plinius.enclave.train.Answer;
import plinius.enclave.train.BestModel;
import plinius.enclave.train.Examination;
import plinius.enclave.train.TrainingLoop;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.Medium;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;
import plinius.romulus.PoolException;
import plinius.romulus.Protocol;
import plinius.seal.Id128;

/**
 * One run: asks for the grant, checks everything that the host said against it, opens the pool,
 * trains or tests. In this order nothing is written before all that is there is authenticated.
 */
record Session(Border border, Begin begin, CompletableFuture<Void> warmUp, Kernels kernels) {
  /** Who was killed a moment ago may need so long to let go of the lock. */
  private static final Duration LOCK_WAIT = Duration.ofSeconds(5);

  private static final Duration LOCK_PAUSE = Duration.ofMillis(20);

  /** The exit code; failures are thrown. */
  int run() {
    CfgFile cfg = Cfg.parse(begin.cfgText(), begin.cfgName(), settings());
    Attester attester = attester();
    boolean simulated = attester.kind() == TeeKind.SIMULATION;
    border.send(
        new EnclaveMessage.Ready(
            simulated ? "simulation" : attester.kind().kbsName(),
            Bytes.of(attester.measurement().bytes()),
            kernels.name(),
            simulated ? Simulation.PROTECTS_NOTHING : ""));
    Path lockPath = Path.of(begin.lockPath());
    try (FileChannel lock =
            FileChannel.open(lockPath, StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileLock _ = take(lock)) {
      boolean train = begin.mode() == Mode.TRAIN;
      KbsClient broker = new KbsClient(attester, border);
      Id128 id = Id128.of(begin.job().array());
      warmUp
          .join(); // before the first real key arrives: interpreted AES looks secrets up in tables
      try (Grant grant =
              train ? grantToTrain(broker, attester, id, cfg) : broker.fetchReadOnlyGrant(id);
          Workers workers = new Workers(begin.threads())) {
        NetworkOptions options = new NetworkOptions(kernels, workers, grant.seed(), train);
        Job job = new Job(begin, grant, cfg, Network.blank(cfg, options));
        Freshness freshness =
            new Freshness(
                grant.freshness(), grant.newest(), newest -> broker.advance(grant, newest));
        return train ? train(job, freshness) : look(job, freshness);
      }
    } catch (IOException e) {
      throw new EnclaveException.BadInput("cannot use the lock " + lockPath + ": " + e);
    }
  }

  /** From the broker; if that is out of reach, what an earlier run has sealed for this case. */
  private Grant grantToTrain(KbsClient broker, Attester attester, Id128 job, CfgFile cfg) {
    Grant grant;
    try {
      grant = broker.fetchGrant(job);
    } catch (AttestationException.Unreachable e) {
      if (begin.restart().length() == 0) {
        throw e;
      }
      CfgDigest digest = CfgDigest.ofCanonical(cfg.canonical());
      Grant kept = RestartCache.open(attester, begin.restart().array(), job, digest, e);
      notice(
          "%s. The keys that run %d was given, from restart.cache, serve instead"
              .formatted(e.getMessage(), kept.epoch()));
      return kept;
    }
    if (grant.freshness().cached()) {
      RestartCache.seal(attester, grant)
          .ifPresentOrElse(
              blob -> border.send(new EnclaveMessage.SealedRestart(Bytes.of(blob))),
              () ->
                  notice(
                      "this platform has no sealing key, so there is no restart cache: each start"
                          + " asks the key broker"));
    }
    return grant;
  }

  /** Of phases hears only who wants to: each message wakes the host, who takes a core for it. */
  private void tell(EnclaveMessage message) {
    if (begin.phases() || !(message instanceof EnclaveMessage.PhaseBegan)) {
      border.send(message);
    }
  }

  private void notice(String text) {
    border.send(new EnclaveMessage.Notice(text));
  }

  /** Simulated where the host names a folder for it; else the hardware that is there. */
  private Attester attester() {
    Path image = Path.of(System.getProperty("java.home"));
    if (!begin.platformPath().isEmpty()) {
      return new SimulatedPlatform(Path.of(begin.platformPath()), image, StartCheck.ARGUMENTS);
    }
    Path root = Path.of("/");
    Attester hardware = Platforms.hardware(root);
    if (hardware.kind() == TeeKind.TDX) {
      RuntimeMeasurement.extend(root, ImageMeasurement.of(image, StartCheck.ARGUMENTS));
    }
    return hardware;
  }

  private Map<String, String> settings() {
    Map<String, String> settings = new TreeMap<>();
    begin.settings().forEach(setting -> settings.put(setting.key(), setting.value()));
    return settings;
  }

  /** Byte 1: the host's byte 0 says nothing about an enclave that outlived its host. */
  private FileLock take(FileChannel channel) throws IOException {
    long end = System.nanoTime() + LOCK_WAIT.toNanos();
    for (; ; ) {
      FileLock lock = channel.tryLock(1, 1, begin.mode() != Mode.TRAIN);
      if (lock != null) {
        return lock;
      }
      if (System.nanoTime() > end) {
        throw new EnclaveException.InUse(
            "the pool is in use by another enclave; wait for it to end");
      }
      LockSupport.parkNanos(LOCK_PAUSE.toNanos());
    }
  }

  // ---------------------------------------------------------------- train

  private int train(Job job, Freshness freshness) {
    Network network = job.network();
    TrainingLoop.Schedule schedule =
        new TrainingLoop.Schedule(job.target(), begin.mirrorEvery(), begin.validEvery());
    try (PmData data = job.openTraining()) {
      BatchSource batches = BatchSource.of(data, job.grant(), job.cfg(), network);
      try (ModelMirror mirror = openForTraining(job, freshness)) {
        long began = System.nanoTime();
        Optional<Progress> mirrored = mirrorIn(mirror, network);
        if (mirrored.isPresent()) {
          // Visible is not yet durable: told to nobody before it is.
          mirror.pool().persist();
          freshness.adopt(mirror.newest());
        }
        announce(job, mirror, mirrored.isPresent(), System.nanoTime() - began);
        try (TrainingLoop loop =
            new TrainingLoop(
                network,
                batches,
                mirror,
                freshness,
                this::tell,
                border::stopRequested,
                schedule,
                begin.valid().map(file -> validation(file, job)))) {
          return loop.run(mirrored.isPresent());
        }
      }
    }
  }

  private TrainingLoop.Validation validation(DataFile file, Job job) {
    Examination examination = Examination.of(job.open(file), job.cfg(), job.network());
    BestModel best =
        new BestModel(
            job.tensors(), tensors -> openOrCreate(begin.bestPath(), job, tensors, _ -> {}));
    return new TrainingLoop.Validation(examination, best);
  }

  private ModelMirror openForTraining(Job job, Freshness freshness) {
    if (Files.exists(Path.of(begin.poolPath()))) {
      tell(new EnclaveMessage.PhaseBegan(EnclaveMessage.Phase.MIRROR_IN, 0));
    }
    return openOrCreate(
            begin.poolPath(),
            job,
            job.tensors(),
            found -> found.ifPresentOrElse(freshness::accept, freshness::acceptNone))
        .sharedBy(job.network().options().workers());
  }

  /** Opens a pool, or makes it; {@code check} may refuse what was found before it is written. */
  private ModelMirror openOrCreate(
      String path, Job job, List<MirroredTensor> tensors, Consumer<Optional<ModelMirror>> check) {
    Path pool = Path.of(path);
    Protocol protocol = Protocol.valueOf(begin.protocol().name());
    if (!Files.exists(pool)) {
      job.requireGranted();
      check.accept(Optional.empty());
      long needed = ModelMirror.poolBytes(tensors);
      if (begin.poolBytes() != 0 && begin.poolBytes() < needed) {
        throw new PoolException.Full(
            "a pool for two copies of this model",
            needed,
            begin.poolBytes(),
            "give a larger --pool-size, or leave it out");
      }
      long bytes = Math.max(needed, begin.poolBytes());
      border.send(new EnclaveMessage.NeedPool(bytes, path.equals(begin.bestPath())));
      border.await(PoolReady.class);
      return ModelMirror.create(map(pool, Access.READ_WRITE), protocol, job.terms(), tensors);
    }
    PersistentMemory memory = map(pool, Access.READ_WRITE);
    try {
      ModelMirror mirror = open(memory, job, tensors);
      job.requireGranted();
      check.accept(Optional.of(mirror));
      return mirror;
    } catch (PoolException.NotFormatted e) {
      // Killed between making the file and making it a pool: nothing was ever in it.
      job.requireGranted();
      check.accept(Optional.empty());
      return ModelMirror.create(memory, protocol, job.terms(), tensors);
    } catch (RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  private PersistentMemory map(Path pool, Access access) {
    return MappedMemory.open(pool, access, WriteBack.valueOf(begin.writeBack().name()));
  }

  /** Opens a pool; if its model is of another configuration, says in what they differ. */
  private static ModelMirror open(PersistentMemory memory, Job job, List<MirroredTensor> tensors) {
    try {
      return ModelMirror.open(memory, job.terms(), tensors);
    } catch (MirrorException.OtherConfiguration e) {
      throw new EnclaveException.BadInput(
          ("%s is not the configuration of the mirrored model: %s. Use the mirrored one, or another"
                  + " directory")
              .formatted(
                  job.begin().cfgName(), Cfg.difference(e.mirrored(), job.cfg().canonical())));
    }
  }

  private static Optional<Progress> mirrorIn(ModelMirror mirror, Network network) {
    Optional<Progress> mirrored = mirror.mirrorIn();
    mirrored.ifPresentOrElse(
        progress -> {
          network.setSeen(progress.seen());
          network.setAverageLoss(progress.averageLoss());
        },
        network::initialise);
    return mirrored;
  }

  private void announce(Job job, ModelMirror mirror, boolean resumed, long mirrorInNanos) {
    Grant grant = job.grant();
    if (!resumed && grant.epoch() > 1) {
      notice(
          "this job was opened %d times before and its pool holds no mirror: it starts at iteration 0"
              .formatted(grant.epoch() - 1));
    }
    Medium medium = mirror.pool().info().medium();
    String pool = "by " + medium.writeBack().option() + ", " + medium.promise();
    border.send(
        resumed
            ? new EnclaveMessage.Resumed(
                job.network().iteration(),
                job.target(),
                mirror.epoch(),
                grant.seed(),
                mirror.sequence(),
                job.network().averageLoss(),
                mirrorInNanos,
                pool)
            : new EnclaveMessage.Started(job.target(), mirror.epoch(), grant.seed(), pool));
    tellPlan(job, mirror);
  }

  /** Exactness ends where other kernels go on: never in silence. */
  private void tellPlan(Job job, ModelMirror mirror) {
    int iteration = job.network().iteration();
    mirror
        .otherPlan()
        .map(before -> new EnclaveMessage.Replanned(iteration, before, job.network().plan()))
        .ifPresent(border::send);
  }

  // ---------------------------------------------------------------- test and answer

  /** Looks at data with the mirrored model, and changes nothing. */
  private int look(Job job, Freshness freshness) {
    boolean best = begin.query().best();
    Path pool = Path.of(best ? begin.bestPath() : begin.poolPath());
    if (!Files.exists(pool)) {
      throw new EnclaveException.BadInput(
          "%s does not exist: train a model into it first%s"
              .formatted(pool, best ? ", with --valid" : ""));
    }
    Network network = job.network();
    List<MirroredTensor> tensors = best ? BestModel.withValue(job.tensors()) : job.tensors();
    try (PmData data = job.open(begin.data());
        ModelMirror mirror =
            open(map(pool, Access.READ_ONLY), job, tensors).sharedBy(network.options().workers())) {
      job.requireGranted();
      if (!best) {
        freshness.accept(mirror); // The broker keeps no record of the best model's pool.
      }
      if (mirrorIn(mirror, network).isEmpty()) {
        throw new EnclaveException.BadInput(pool + " holds no model yet: train one first");
      }
      tellPlan(job, mirror);
      Answer answer = new Answer(border::send, job.grant());
      switch (begin.mode()) {
        case TEST ->
            border.send(
                new EnclaveMessage.Tested(
                    network.iteration(), Examination.of(data, job.cfg(), network).score().get()));
        case PREDICT -> answer.predict(new Fitting(data, job.cfg(), network));
        case GENERATE -> answer.generate(data, oneByOne(network), begin.query());
        case DETECT -> answer.detect(new Fitting(data, job.cfg(), network), begin.query());
        case TRAIN -> throw new IllegalStateException("training does not only look");
      }
      return 0;
    }
  }

  /** The same model for one character after the other. */
  private Network oneByOne(Network trained) {
    Map<String, String> settings = settings();
    List.of("batch", "subdivisions", "time_steps").forEach(key -> settings.put(key, "1"));
    CfgFile cfg = Cfg.parse(begin.cfgText(), begin.cfgName(), settings);
    Network network = Network.build(cfg, trained.options());
    network.takeOver(trained);
    return network;
  }
}
