package plinius.enclave.train;

import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import plinius.attestation.kbs.BrokerKey;
import plinius.attestation.kbs.CfgDigest;
import plinius.attestation.kbs.FreshnessMode;
import plinius.attestation.kbs.Grant;
import plinius.attestation.kbs.GrantPurpose;
import plinius.attestation.kbs.MirrorId;
import plinius.boundary.EnclaveMessage;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.dataset.DataSetInfo;
import plinius.dataset.SampleKind;
import plinius.enclave.mirror.Freshness;
import plinius.enclave.mirror.MirrorTerms;
import plinius.enclave.mirror.MirroredTensor;
import plinius.enclave.mirror.ModelMirror;
import plinius.enclave.mirror.Progress;
import plinius.enclave.pmdata.BatchSource;
import plinius.enclave.pmdata.PmData;
import plinius.kernel.CounterRandom;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;
import plinius.owner.OwnerKey;
import plinius.owner.Sample;
import plinius.owner.SampleSource;
import plinius.owner.SealedDataSetWriter;
import plinius.pmem.PersistentMemory;
import plinius.romulus.Protocol;
import plinius.seal.Id128;
import plinius.testkit.Granularity;
import plinius.testkit.SimulatedMemory;

/** A job with a small network and few data, and the lives of enclaves that train it. */
final class SmallJob {
  static final String CFG =
      """
      [net]
      batch=8
      subdivisions=2
      height=6
      width=6
      channels=1
      learning_rate=0.05
      momentum=0.9
      decay=0.0005
      policy=constant
      max_batches=12

      [convolutional]
      batch_normalize=1
      filters=4
      size=3
      stride=1
      pad=1
      activation=leaky

      [connected]
      output=3
      activation=linear

      [softmax]
      """;

  final Grant grant;
  private final Path sealed;

  /** Bars whose place is their class, and noise. */
  private static final class Bars implements SampleSource {
    private static final int COUNT = 50;
    private int index;

    @Override
    public SampleKind kind() {
      return new SampleKind(6, 6, 1, 3);
    }

    @Override
    public long count() {
      return COUNT;
    }

    @Override
    public Optional<Sample> next() {
      if (index == COUNT) {
        return Optional.empty();
      }
      CounterRandom random = new CounterRandom(7);
      byte[] pixels = new byte[36];
      for (int i = 0; i < pixels.length; i++) {
        float bar = i / 12 == index % 3 ? 150 : 0;
        pixels[i] = (byte) (int) (bar + 100 * random.uniform(1, index, i));
      }
      Sample sample = new Sample(pixels, index % 3);
      index++;
      return Optional.of(sample);
    }

    @Override
    public void close() {
      index = COUNT;
    }
  }

  SmallJob(Path directory) throws NoSuchAlgorithmException {
    sealed = directory.resolve("train.sealed");
    try (OwnerKey owner = OwnerKey.generate();
        Bars bars = new Bars()) {
      DataSetInfo info = SealedDataSetWriter.write(sealed, owner, bars, _ -> {});
      Id128 job = Id128.random();
      grant =
          new Grant(
              GrantPurpose.TRAIN,
              job,
              1,
              owner.id(),
              owner.jobKey(job),
              List.of(
                  new Grant.DataKey(
                      info.id(), owner.recordKey(info.id()), owner.manifestKey(info.id()))),
              owner.digestKey(1),
              owner.orderKey(1),
              CfgDigest.ofCanonical(cfg(Map.of()).canonical()),
              1,
              FreshnessMode.OFFLINE,
              Optional.empty(),
              0,
              new BrokerKey(
                  Base64.getEncoder()
                      .encodeToString(
                          KeyPairGenerator.getInstance("Ed25519")
                              .generateKeyPair()
                              .getPublic()
                              .getEncoded())));
    }
  }

  static CfgFile cfg(Map<String, String> settings) {
    return Cfg.parse(CFG, "test.cfg", settings);
  }

  static SimulatedMemory memory() {
    return new SimulatedMemory(4 << 20, Granularity.LINE);
  }

  static List<MirroredTensor> tensors(Network network) {
    return network.state().stream()
        .map(t -> new MirroredTensor(t.name(), t.shape(), t.block(), t.offset(), t.count()))
        .toList();
  }

  static ModelMirror mirror(
      PersistentMemory memory, Protocol protocol, MirrorTerms terms, List<MirroredTensor> tensors) {
    return memory.getLong(0) == 0
        ? ModelMirror.create(memory, protocol, terms, tensors)
        : ModelMirror.open(memory, terms, tensors);
  }

  MirrorTerms terms(CfgFile cfg, Network network) {
    return new MirrorTerms(
        grant.job(),
        grant.ownerKeyId(),
        grant.jobKey(),
        1,
        cfg.canonical(),
        1,
        network.plan(),
        network.shards(),
        false,
        grant.digestKey());
  }

  /**
   * How an enclave is started and heard.
   *
   * @param best validates, and keeps the best model here
   * @param ledger hears of each mirror, before the host does
   */
  record Life(
      Map<String, String> settings,
      int threads,
      Protocol protocol,
      TrainingLoop.Schedule schedule,
      BooleanSupplier stop,
      Consumer<EnclaveMessage> host,
      Optional<Consumer<MirrorId>> ledger,
      Optional<PersistentMemory> best) {

    Life(int threads, int target, int every, Consumer<EnclaveMessage> host) {
      this(
          Map.of(),
          threads,
          Protocol.PING_PONG,
          new TrainingLoop.Schedule(target, every, 0),
          () -> false,
          host,
          Optional.empty(),
          Optional.empty());
    }

    Life by(Protocol other) {
      return new Life(settings, threads, other, schedule, stop, host, ledger, best);
    }

    Life with(Map<String, String> other) {
      return new Life(other, threads, protocol, schedule, stop, host, ledger, best);
    }

    Life telling(Consumer<MirrorId> broker) {
      return new Life(settings, threads, protocol, schedule, stop, host, Optional.of(broker), best);
    }

    Life until(BooleanSupplier stopped) {
      return new Life(settings, threads, protocol, schedule, stopped, host, ledger, best);
    }

    private Freshness freshness() {
      return ledger
          .map(broker -> new Freshness(FreshnessMode.STRICT, Optional.of(MirrorId.NONE), broker))
          .orElseGet(() -> new Freshness(FreshnessMode.OFFLINE, Optional.empty(), _ -> {}));
    }
  }

  /** One life of an enclave over this memory; returns its exit code. */
  int live(PersistentMemory memory, Life life) {
    CfgFile cfg = cfg(life.settings);
    try (Workers workers = new Workers(life.threads);
        PmData data = data()) {
      Network network = Network.build(cfg, new NetworkOptions(Kernels.best(), workers, 1, true));
      List<MirroredTensor> tensors = tensors(network);
      MirrorTerms terms = terms(cfg, network);
      try (ModelMirror mirror = mirror(memory, life.protocol, terms, tensors).sharedBy(workers)) {
        Optional<Progress> mirrored = mirror.mirrorIn();
        mirrored.ifPresent(
            progress -> {
              network.setSeen(progress.seen());
              network.setAverageLoss(progress.averageLoss());
            });
        try (TrainingLoop loop =
            new TrainingLoop(
                network,
                BatchSource.of(data, grant, cfg, network),
                mirror,
                life.freshness(),
                life.host,
                life.stop,
                life.schedule,
                life.best.map(
                    best ->
                        new TrainingLoop.Validation(
                            Examination.of(data(), cfg, network),
                            new BestModel(
                                tensors, all -> mirror(best, life.protocol, terms, all)))))) {
          return loop.run(mirrored.isPresent());
        }
      }
    }
  }

  private PmData data() {
    return PmData.open("train.sealed", sealed, grant);
  }
}
