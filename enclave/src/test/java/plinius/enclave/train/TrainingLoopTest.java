package plinius.enclave.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.attestation.kbs.BrokerKey;
import plinius.attestation.kbs.CfgDigest;
import plinius.attestation.kbs.FreshnessMode;
import plinius.attestation.kbs.Grant;
import plinius.attestation.kbs.GrantPurpose;
import plinius.boundary.Bytes;
import plinius.boundary.EnclaveMessage;
import plinius.boundary.EnclaveMessage.Done;
import plinius.boundary.EnclaveMessage.IterationDone;
import plinius.boundary.EnclaveMessage.Metric;
import plinius.boundary.EnclaveMessage.Phase;
import plinius.boundary.EnclaveMessage.PhaseBegan;
import plinius.boundary.EnclaveMessage.Score;
import plinius.boundary.EnclaveMessage.Stopped;
import plinius.boundary.EnclaveMessage.Validated;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.dataset.DataSetInfo;
import plinius.dataset.SampleKind;
import plinius.enclave.EnclaveException;
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
import plinius.romulus.Pool;
import plinius.romulus.Protocol;
import plinius.seal.Id128;
import plinius.testkit.Granularity;
import plinius.testkit.SimulatedMemory;

class TrainingLoopTest {
  private static final String CFG =
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

  @TempDir Path directory;
  private Path sealed;
  private Grant grant;
  private SimulatedMemory bestMemory = memory();

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

  @BeforeEach
  void seal() throws NoSuchAlgorithmException {
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
              BrokerKey.of(KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPublic()));
    }
  }

  private static CfgFile cfg(Map<String, String> settings) {
    return Cfg.parse(CFG, "test.cfg", settings);
  }

  /** One life of an enclave over this memory. */
  private List<EnclaveMessage> run(
      PersistentMemory memory,
      Map<String, String> settings,
      int threads,
      TrainingLoop.Schedule schedule,
      BooleanSupplier stop) {
    List<EnclaveMessage> said = new ArrayList<>();
    CfgFile cfg = cfg(settings);
    try (Workers workers = new Workers(threads);
        PmData data = PmData.open("train.sealed", sealed, grant)) {
      Network network = Network.build(cfg, new NetworkOptions(Kernels.best(), workers, 1, true));
      List<MirroredTensor> tensors = tensors(network);
      MirrorTerms terms =
          new MirrorTerms(
              grant.job(),
              grant.ownerKeyId(),
              grant.jobKey(),
              1,
              CfgDigest.ofCanonical(cfg.canonical()).bytes(),
              cfg.canonical(),
              1,
              network.plan(),
              network.shards(),
              grant.digestKey());
      try (ModelMirror mirror = mirror(memory, terms, tensors);
          BestModel best = new BestModel(tensors, all -> mirror(bestMemory, terms, all))) {
        Optional<Progress> mirrored = mirror.mirrorIn();
        mirrored.ifPresent(
            progress -> {
              network.setSeen(progress.seen());
              network.setAverageLoss(progress.averageLoss());
            });
        TrainingLoop loop =
            new TrainingLoop(
                network,
                BatchSource.of(data, grant, cfg, network),
                mirror,
                new Freshness(FreshnessMode.OFFLINE, Optional.empty(), _ -> {}),
                said::add,
                stop,
                schedule,
                Optional.of(new TrainingLoop.Validation(Examination.of(data, cfg, network), best)));
        loop.run(mirrored.isPresent());
      }
    }
    return said;
  }

  private static ModelMirror mirror(
      PersistentMemory memory, MirrorTerms terms, List<MirroredTensor> tensors) {
    return memory.getLong(0) == 0
        ? ModelMirror.create(memory, Protocol.PING_PONG, terms, tensors)
        : ModelMirror.open(memory, terms, tensors);
  }

  private List<EnclaveMessage> run(PersistentMemory memory, int target, int every, int threads) {
    bestMemory = memory();
    return run(memory, Map.of(), threads, new TrainingLoop.Schedule(target, every, 0), () -> false);
  }

  private static List<MirroredTensor> tensors(Network network) {
    return network.state().stream()
        .map(t -> new MirroredTensor(t.name(), t.shape(), t.block(), t.offset(), t.count()))
        .toList();
  }

  private static SimulatedMemory memory() {
    return new SimulatedMemory(4 << 20, Granularity.LINE);
  }

  private static Bytes state(List<EnclaveMessage> said) {
    return switch (said.getLast()) {
      case Done done -> done.state();
      case Stopped stopped -> stopped.state();
      default -> throw new AssertionError("it ended with " + said.getLast());
    };
  }

  @Test
  void the_state_is_the_same_undisturbed_resumed_and_with_other_threads_and_mirrors() {
    Bytes undisturbed = state(run(memory(), 12, 1, 1));

    assertThat(state(run(memory(), 12, 1, 2))).isEqualTo(undisturbed);
    assertThat(state(run(memory(), 12, 5, 1))).isEqualTo(undisturbed);
    SimulatedMemory interrupted = memory();
    for (int target : new int[] {1, 4, 7}) {
      assertThat(state(run(interrupted, target, 3, 2))).isNotEqualTo(undisturbed);
    }
    assertThat(state(run(interrupted, 12, 1, 1))).isEqualTo(undisturbed);
  }

  @Test
  void an_iteration_lost_between_two_mirrors_is_computed_again_alike() {
    Bytes undisturbed = state(run(memory(), 12, 1, 1));
    SimulatedMemory memory = memory();
    List<byte[]> images = new ArrayList<>();
    run(
        memory,
        Map.of(),
        1,
        new TrainingLoop.Schedule(12, 5, 0),
        () -> {
          images.add(memory.visible());
          return false;
        });

    for (int at : new int[] {9, 12}) {
      SimulatedMemory crashed = SimulatedMemory.of(images.get(at), Granularity.LINE);
      assertThat(state(run(crashed, 12, 1, 1))).isEqualTo(undisturbed);
    }
  }

  @Test
  void an_iteration_is_reported_after_its_mirror_and_the_last_is_always_mirrored() {
    SimulatedMemory memory = memory();

    List<EnclaveMessage> said = run(memory, 3, 2, 1);

    assertThat(said.stream().map(m -> m.getClass().getSimpleName()))
        .containsExactly(
            "IterationDone",
            "PhaseBegan",
            "IterationDone",
            "PhaseBegan",
            "IterationDone",
            "Validated",
            "Done");
    assertThat(said.stream().filter(IterationDone.class::isInstance).map(m -> (IterationDone) m))
        .extracting(IterationDone::mirrored)
        .containsExactly(false, true, true);
  }

  @Test
  void a_resumed_pool_recovers_before_its_first_mirror() {
    SimulatedMemory memory = memory();
    run(memory, 3, 1, 1);

    List<EnclaveMessage> said = run(memory, 4, 1, 1);

    assertThat(said.subList(0, 2))
        .containsExactly(new PhaseBegan(Phase.RECOVERY, 4), new PhaseBegan(Phase.MIRROR_OUT, 4));
  }

  @Test
  void a_stop_finishes_the_iteration_and_mirrors_it() {
    SimulatedMemory memory = memory();
    int[] asked = {0};

    List<EnclaveMessage> said =
        run(memory, Map.of(), 1, new TrainingLoop.Schedule(12, 100, 0), () -> ++asked[0] > 5);

    Stopped stopped = (Stopped) said.getLast();
    assertThat(stopped.iteration()).isBetween(1, 11);
    assertThat(state(run(memory, stopped.iteration(), 1, 1))).isEqualTo(stopped.state());
  }

  @Test
  void training_that_diverges_keeps_the_last_mirror() {
    SimulatedMemory memory = memory();
    Map<String, String> wild = Map.of("learning_rate", "1e30");

    assertThatThrownBy(() -> run(memory, wild, 1, new TrainingLoop.Schedule(12, 1, 0), () -> false))
        .isInstanceOf(EnclaveException.Diverged.class)
        .hasMessageContaining("learning_rate");

    int[] asked = {0};
    List<EnclaveMessage> said =
        run(memory, wild, 1, new TrainingLoop.Schedule(12, 1, 0), () -> asked[0]++ == 0);
    assertThat(said.getLast()).isInstanceOf(Stopped.class);
  }

  @Test
  void validation_comes_when_it_is_due_and_changes_nothing() {
    Bytes undisturbed = state(run(memory(), 12, 1, 1));

    List<EnclaveMessage> said =
        run(memory(), Map.of(), 1, new TrainingLoop.Schedule(12, 1, 5), () -> false);

    assertThat(said.stream().filter(Validated.class::isInstance).map(m -> (Validated) m))
        .extracting(Validated::iteration)
        .containsExactly(5, 10, 12);
    assertThat(state(said)).isEqualTo(undisturbed);
  }

  @Test
  void augmented_training_is_the_same_undisturbed_resumed_and_with_other_threads() {
    Map<String, String> augmented =
        Map.of("angle", "20", "aspect", ".75", "min_crop", "5", "max_crop", "8", "exposure", ".5");
    Bytes undisturbed = state(run(memory(), augmented, 1, schedule(12, 1), () -> false));

    assertThat(undisturbed).isNotEqualTo(state(run(memory(), 12, 1, 1)));
    bestMemory = memory();
    SimulatedMemory interrupted = memory();
    for (int target : new int[] {1, 4, 7, 12}) {
      List<EnclaveMessage> said = run(interrupted, augmented, 2, schedule(target, 3), () -> false);
      assertThat(state(said).equals(undisturbed)).isEqualTo(target == 12);
      bestMemory = memory();
    }
  }

  private static TrainingLoop.Schedule schedule(int target, int every) {
    return new TrainingLoop.Schedule(target, every, 0);
  }

  @Test
  void the_best_validated_model_is_kept_across_lives_and_a_worse_one_is_not() {
    TrainingLoop.Schedule every = new TrainingLoop.Schedule(12, 1, 1);
    List<Validated> undisturbed = validated(run(memory(), Map.of(), 1, every, () -> false));
    assertThat(undisturbed).hasSize(12).anyMatch(Validated::best).anyMatch(v -> !v.best());
    double best = 0;
    for (Validated validated : undisturbed) {
      assertThat(validated.best()).isEqualTo(validated.score().value() > best);
      best = Math.max(best, validated.score().value());
    }

    bestMemory = memory();
    SimulatedMemory memory = memory();
    List<Validated> pieces = new ArrayList<>();
    for (int stop = 0; stop < 12; stop += 5) {
      int[] left = {5 + stop};
      pieces.addAll(validated(run(memory, Map.of(), 1, every, () -> left[0]-- <= 0)));
    }
    // What was validated twice, after a stop, is not better than itself.
    assertThat(pieces).containsAll(undisturbed);
    assertThat(pieces.stream().filter(Validated::best))
        .containsExactlyElementsOf(undisturbed.stream().filter(Validated::best).toList());
  }

  private static List<Validated> validated(List<EnclaveMessage> said) {
    return said.stream().filter(Validated.class::isInstance).map(m -> (Validated) m).toList();
  }

  @Test
  void a_model_that_diverged_between_two_mirrors_is_not_kept_as_the_best() {
    Map<String, String> wild = Map.of("learning_rate", "3e38", "decay", "1");
    TrainingLoop.Schedule seldomMirrored = new TrainingLoop.Schedule(12, 100, 1);

    assertThatThrownBy(() -> run(memory(), wild, 1, seldomMirrored, () -> false))
        .isInstanceOf(EnclaveException.Diverged.class)
        .hasMessageContaining("iteration 1: a parameter");

    assertThat(Pool.inspect(bestMemory).roots()).isEmpty();
  }

  @Test
  void a_score_that_is_not_a_number_is_never_the_best_and_is_beaten_by_any_other() {
    float[] weights = {1, 2};
    List<MirroredTensor> model =
        List.of(new MirroredTensor("weights", new int[] {2}, weights, 0, 2));
    List<MirroredTensor> judged = BestModel.withValue(model);
    judged.getLast().block()[0] = Float.NaN;
    MirrorTerms terms =
        new MirrorTerms(
            grant.job(),
            grant.ownerKeyId(),
            grant.jobKey(),
            1,
            new byte[32],
            CFG,
            1,
            "plan",
            8,
            grant.digestKey());
    try (ModelMirror spoilt = mirror(bestMemory, terms, judged)) {
      spoilt.mirrorOut(new Progress(1, 8, 0.5));
    }

    try (BestModel best = new BestModel(model, all -> mirror(bestMemory, terms, all))) {
      assertThat(best.keep(score(Double.NaN), new Progress(2, 16, 0.5))).isFalse();
      assertThat(best.keep(score(0.25), new Progress(3, 24, 0.5))).isTrue();
      assertThat(best.keep(score(Double.NaN), new Progress(4, 32, 0.5))).isFalse();
      assertThat(best.keep(score(0.5), new Progress(5, 40, 0.5))).isTrue();
    }
  }

  private static Score score(double value) {
    return new Score(Metric.ACCURACY, 4, 0, value);
  }
}
