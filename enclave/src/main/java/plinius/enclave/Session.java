package plinius.enclave;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
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
import plinius.boundary.EnclaveMessage.NeedPool;
import plinius.boundary.EnclaveMessage.Notice;
import plinius.boundary.EnclaveMessage.Phase;
import plinius.boundary.EnclaveMessage.PhaseBegan;
import plinius.boundary.EnclaveMessage.Ready;
import plinius.boundary.EnclaveMessage.Resumed;
import plinius.boundary.EnclaveMessage.SealedRestart;
import plinius.boundary.EnclaveMessage.Started;
import plinius.boundary.EnclaveMessage.Tested;
import plinius.boundary.HostMessage.Begin;
import plinius.boundary.HostMessage.DataFile;
import plinius.boundary.HostMessage.Mode;
import plinius.boundary.HostMessage.PoolReady;
import plinius.boundary.HostMessage.Setting;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.Quirks;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.enclave.mirror.Freshness;
import plinius.enclave.mirror.MirrorException;
import plinius.enclave.mirror.MirrorTerms;
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
final class Session {
  /** Who was killed a moment ago may need so long to let go of the lock. */
  private static final Duration LOCK_WAIT = Duration.ofSeconds(5);

  private final Border border;
  private final Begin begin;
  private final Thread warmUp;
  private final Kernels kernels = Kernels.best();

  Session(Border border, Begin begin, Thread warmUp) {
    this.border = border;
    this.begin = begin;
    this.warmUp = warmUp;
  }

  /** The exit code; failures are thrown. */
  int run() {
    CfgFile cfg = parseCfg();
    Attester attester = attester();
    boolean simulated = attester.kind() == TeeKind.SIMULATION;
    border.send(
        new Ready(
            simulated ? "simulation" : attester.kind().kbsName(),
            Bytes.of(attester.measurement().bytes()),
            kernels.name(),
            simulated ? Simulation.PROTECTS_NOTHING : ""));
    try (FileChannel lock = openLock();
        FileLock held = take(lock)) {
      assert held.isValid();
      boolean train = begin.mode() == Mode.TRAIN;
      KbsClient broker = new KbsClient(attester, border);
      Id128 job = Id128.of(begin.job().array());
      awaitWarmUp();
      try (Grant grant =
              train ? grantToTrain(broker, attester, job, cfg) : broker.fetchReadOnlyGrant(job);
          Workers workers = new Workers(begin.threads())) {
        Network network =
            Network.blank(
                cfg, new NetworkOptions(kernels, workers, grant.seed(), Quirks.none(), train));
        Freshness freshness =
            new Freshness(
                grant.freshness(), grant.newest(), newest -> broker.advance(grant, newest));
        return train ? train(grant, freshness, cfg, network) : look(grant, freshness, cfg, network);
      }
    } catch (IOException e) {
      throw new EnclaveException.BadInput("cannot use the lock " + begin.lockPath() + ": " + e);
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
      border.send(
          new Notice(
              e.getMessage()
                  + ". The keys that run "
                  + kept.epoch()
                  + " was given, from restart.cache, serve instead"));
      return kept;
    }
    if (grant.freshness().cached()) {
      RestartCache.seal(attester, grant)
          .ifPresentOrElse(
              blob -> border.send(new SealedRestart(Bytes.of(blob))),
              () ->
                  border.send(
                      new Notice(
                          "this platform has no sealing key, so there is no restart cache: each"
                              + " start asks the key broker")));
    }
    return grant;
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

  private CfgFile parseCfg() {
    return Cfg.parse(begin.cfgText(), begin.cfgName(), settings());
  }

  private Map<String, String> settings() {
    Map<String, String> settings = new TreeMap<>();
    for (Setting setting : begin.settings()) {
      settings.put(setting.key(), setting.value());
    }
    return settings;
  }

  private FileChannel openLock() throws IOException {
    return FileChannel.open(
        Path.of(begin.lockPath()), StandardOpenOption.READ, StandardOpenOption.WRITE);
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
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        throw new IllegalStateException("nobody interrupts the enclave", e);
      }
    }
  }

  /** Before the first real key arrives: interpreted AES looks secrets up in tables. */
  private void awaitWarmUp() {
    try {
      warmUp.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts the enclave", e);
    }
  }

  // ---------------------------------------------------------------- train

  private int train(Grant grant, Freshness freshness, CfgFile cfg, Network network) {
    int target = target(network);
    MirrorTerms terms = terms(grant, cfg, network);
    List<MirroredTensor> tensors = tensors(network);
    try (PmData data = openTraining(grant)) {
      BatchSource batches = BatchSource.of(data, grant, cfg, network);
      try (Closing closing = new Closing();
          ModelMirror mirror =
              openForTraining(grant, freshness, cfg, terms, tensors)
                  .sharedBy(network.options().workers())) {
        long began = System.nanoTime();
        Optional<Progress> mirrored = mirrorIn(mirror, network);
        if (mirrored.isPresent()) {
          // Visible is not yet durable: told to nobody before it is.
          mirror.pool().persist();
          freshness.adopt(mirror.newest());
        }
        announce(grant, mirror, mirrored, target, network, System.nanoTime() - began);
        TrainingLoop loop =
            new TrainingLoop(
                network,
                batches,
                mirror,
                freshness,
                border::send,
                border::stopRequested,
                new TrainingLoop.Schedule(target, begin.mirrorEvery(), begin.validEvery()),
                begin.valid().map(file -> validation(file, grant, cfg, network, terms, closing)));
        return loop.run(mirrored.isPresent());
      }
    }
  }

  /** Of a new pool; an old one keeps its own. */
  private Protocol protocol() {
    return switch (begin.protocol()) {
      case PING_PONG -> Protocol.PING_PONG;
      case ROMULUS -> Protocol.ROMULUS;
    };
  }

  /** What a run opens besides, closed in the opposite order. */
  private static final class Closing implements AutoCloseable {
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    <T extends AutoCloseable> T add(T one) {
      opened.push(one);
      return one;
    }

    @Override
    public void close() {
      for (AutoCloseable each : opened) {
        try {
          each.close();
        } catch (RuntimeException e) {
          throw e;
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
      }
    }
  }

  private TrainingLoop.Validation validation(
      DataFile file,
      Grant grant,
      CfgFile cfg,
      Network network,
      MirrorTerms terms,
      Closing closing) {
    PmData data = closing.add(open(grant, file));
    Examination examination = Examination.of(data, cfg, network);
    BestModel best =
        closing.add(
            new BestModel(
                tensors(network),
                tensors -> openOrCreate(begin.bestPath(), grant, cfg, terms, tensors, _ -> {})));
    return new TrainingLoop.Validation(examination, best);
  }

  private int target(Network network) {
    int whole = network.maxBatches();
    if (whole == 0 && begin.iterations() == 0) {
      throw new EnclaveException.BadInput(
          "max_batches in [net] says how many iterations to train; set it, or give --iterations");
    }
    if (whole == 0 || begin.iterations() == 0) {
      return Math.max(whole, begin.iterations());
    }
    return Math.min(whole, begin.iterations());
  }

  private PmData openTraining(Grant grant) {
    PmData data = open(grant, begin.data());
    Id128 granted = grant.dataKeys().getFirst().id();
    if (!data.id().equals(granted)) {
      data.close();
      throw new EnclaveException.BadInput(
          "the job trains on the data set " + granted + " and was given " + data.id());
    }
    return data;
  }

  private static PmData open(Grant grant, DataFile file) {
    return PmData.open(file.name(), Path.of(file.path()), grant);
  }

  private ModelMirror openForTraining(
      Grant grant,
      Freshness freshness,
      CfgFile cfg,
      MirrorTerms terms,
      List<MirroredTensor> tensors) {
    if (Files.exists(Path.of(begin.poolPath()))) {
      border.send(new PhaseBegan(Phase.MIRROR_IN, 0));
    }
    return openOrCreate(
        begin.poolPath(),
        grant,
        cfg,
        terms,
        tensors,
        found -> found.ifPresentOrElse(freshness::accept, freshness::acceptNone));
  }

  /** Opens a pool, or makes it; {@code check} may refuse what was found before it is written. */
  private ModelMirror openOrCreate(
      String path,
      Grant grant,
      CfgFile cfg,
      MirrorTerms terms,
      List<MirroredTensor> tensors,
      Consumer<Optional<ModelMirror>> check) {
    Path pool = Path.of(path);
    if (Files.exists(pool)) {
      PersistentMemory memory = map(pool, Access.READ_WRITE);
      try {
        ModelMirror mirror = open(memory, cfg, terms, tensors);
        requireGranted(grant, cfg);
        check.accept(Optional.of(mirror));
        return mirror;
      } catch (PoolException.NotFormatted e) {
        // Killed between making the file and making it a pool: nothing was ever in it.
        requireGranted(grant, cfg);
        check.accept(Optional.empty());
        return ModelMirror.create(memory, protocol(), terms, tensors);
      } catch (RuntimeException e) {
        memory.close();
        throw e;
      }
    }
    requireGranted(grant, cfg);
    check.accept(Optional.empty());
    long needed = ModelMirror.poolBytes(tensors);
    if (begin.poolBytes() != 0 && begin.poolBytes() < needed) {
      throw new PoolException.Full(
          "a pool for two copies of this model",
          needed,
          begin.poolBytes(),
          "give a larger --pool-size, or leave it out");
    }
    border.send(new NeedPool(Math.max(needed, begin.poolBytes()), path.equals(begin.bestPath())));
    border.await(PoolReady.class);
    return ModelMirror.create(map(pool, Access.READ_WRITE), protocol(), terms, tensors);
  }

  private PersistentMemory map(Path pool, Access access) {
    return MappedMemory.open(pool, access, WriteBack.valueOf(begin.writeBack().name()));
  }

  /** Opens a pool; if its model is of another configuration, says in what they differ. */
  private ModelMirror open(
      PersistentMemory memory, CfgFile cfg, MirrorTerms terms, List<MirroredTensor> tensors) {
    try {
      return ModelMirror.open(memory, terms, tensors);
    } catch (MirrorException.OtherConfiguration e) {
      throw new EnclaveException.BadInput(
          begin.cfgName()
              + " is not the configuration of the mirrored model: "
              + Cfg.difference(e.mirrored(), cfg.canonical())
              + ". Use the mirrored one, or another directory");
    }
  }

  private void requireGranted(Grant grant, CfgFile cfg) {
    CfgDigest digest = CfgDigest.ofCanonical(cfg.canonical());
    if (!digest.equals(grant.cfgDigest())) {
      throw new EnclaveException.BadInput(
          "the owner granted the keys of this job for another configuration than "
              + begin.cfgName()
              + " with these settings (SHA-256 "
              + digest
              + ", granted "
              + grant.cfgDigest()
              + "); use the granted one, or begin a new job");
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

  private void announce(
      Grant grant,
      ModelMirror mirror,
      Optional<Progress> mirrored,
      int target,
      Network network,
      long mirrorInNanos) {
    if (mirrored.isEmpty() && grant.epoch() > 1) {
      border.send(
          new Notice(
              "this job was opened "
                  + (grant.epoch() - 1)
                  + " times before and its pool holds no mirror: it starts at iteration 0"));
    }
    Medium medium = mirror.pool().info().medium();
    String pool = "by " + medium.writeBack().option() + ", " + medium.promise();
    EnclaveMessage message =
        mirrored.isEmpty()
            ? new Started(target, mirror.epoch(), grant.seed(), pool)
            : new Resumed(
                network.iteration(),
                target,
                mirror.epoch(),
                grant.seed(),
                mirror.sequence(),
                network.averageLoss(),
                mirrorInNanos,
                pool);
    border.send(message);
  }

  // ---------------------------------------------------------------- test and answer

  /** Looks at data with the mirrored model, and changes nothing. */
  private int look(Grant grant, Freshness freshness, CfgFile cfg, Network network) {
    Path pool = Path.of(begin.query().best() ? begin.bestPath() : begin.poolPath());
    if (!Files.exists(pool)) {
      throw new EnclaveException.BadInput(
          pool
              + " does not exist: train a model into it first"
              + (begin.query().best() ? ", with --valid" : ""));
    }
    List<MirroredTensor> tensors = tensors(network);
    if (begin.query().best()) {
      tensors = BestModel.withValue(tensors);
    }
    try (PmData data = open(grant, begin.data());
        ModelMirror mirror =
            open(map(pool, Access.READ_ONLY), cfg, terms(grant, cfg, network), tensors)
                .sharedBy(network.options().workers())) {
      requireGranted(grant, cfg);
      if (!begin.query().best()) {
        freshness.accept(mirror); // The broker keeps no record of the best model's pool.
      }
      if (mirrorIn(mirror, network).isEmpty()) {
        throw new EnclaveException.BadInput(pool + " holds no model yet: train one first");
      }
      switch (begin.mode()) {
        case TEST ->
            border.send(new Tested(network.iteration(), Examination.of(data, cfg, network).run()));
        case PREDICT ->
            new Answer(border::send, grant).predict(data, new Fitting(data, cfg, network));
        case GENERATE ->
            new Answer(border::send, grant).generate(data, oneByOne(network), begin.query());
        case DETECT ->
            new Answer(border::send, grant)
                .detect(data, new Fitting(data, cfg, network), begin.query());
        case TRAIN -> throw new IllegalStateException("training does not only look");
      }
      return 0;
    }
  }

  /** The same model for one character after the other. */
  private Network oneByOne(Network trained) {
    Map<String, String> settings = new TreeMap<>(settings());
    List.of("batch", "subdivisions", "time_steps").forEach(key -> settings.put(key, "1"));
    CfgFile cfg = Cfg.parse(begin.cfgText(), begin.cfgName(), settings);
    Network network = Network.build(cfg, trained.options());
    network.takeOver(trained);
    return network;
  }

  private static MirrorTerms terms(Grant grant, CfgFile cfg, Network network) {
    return new MirrorTerms(
        grant.job(),
        grant.ownerKeyId(),
        grant.jobKey(),
        grant.epoch(),
        CfgDigest.ofCanonical(cfg.canonical()).bytes(),
        cfg.canonical(),
        grant.seed(),
        network.plan(),
        network.shards(),
        grant.digestKey());
  }

  private static List<MirroredTensor> tensors(Network network) {
    return network.state().stream()
        .map(t -> new MirroredTensor(t.name(), t.shape(), t.block(), t.offset(), t.count()))
        .toList();
  }
}
