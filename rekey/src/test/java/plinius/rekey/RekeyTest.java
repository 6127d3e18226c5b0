package plinius.rekey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.attestation.kbs.CfgDigest;
import plinius.attestation.kbs.FreshnessMode;
import plinius.attestation.kbs.MirrorId;
import plinius.broker.BrokerRecord;
import plinius.broker.Job;
import plinius.broker.JobTerms;
import plinius.broker.Permission;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.dataset.DataSetException;
import plinius.dataset.SampleKind;
import plinius.enclave.mirror.MirrorException;
import plinius.enclave.mirror.MirrorTerms;
import plinius.enclave.mirror.MirroredTensor;
import plinius.enclave.mirror.ModelMirror;
import plinius.enclave.mirror.Progress;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;
import plinius.owner.OwnerKey;
import plinius.owner.Sample;
import plinius.owner.SampleSource;
import plinius.owner.SealedDataSetWriter;
import plinius.owner.SealedFile;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.WriteBack;
import plinius.reference.ScalarKernels;
import plinius.romulus.Protocol;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;

/** A job under a new key, and a rekeying that dies after each of its steps. */
class RekeyTest {
  private static final CfgFile CFG =
      Cfg.parse(
          """
          [net]
          batch=4
          height=2
          width=2
          channels=1
          learning_rate=0.1
          momentum=0.9
          max_batches=10

          [connected]
          output=3
          activation=linear

          [softmax]
          """,
          "test.cfg",
          Map.of());
  private static final Id128 JOB = new Id128(5, 5);
  private static final long SEED = 1;

  @TempDir Path folder;
  private final OwnerKey oldKey = OwnerKey.generate();
  private final OwnerKey newKey = OwnerKey.generate();
  private MirrorId newest;
  private List<float[]> state;

  @BeforeEach
  void train() throws IOException {
    SealedDataSetWriter.write(data(), oldKey, new Squares(), _ -> {});
    Files.createDirectory(pm());
    preallocate(pool());
    try (Model model = new Model();
        ModelMirror mirror =
            ModelMirror.create(
                MappedMemory.open(pool(), Access.READ_WRITE, WriteBack.AUTO),
                Protocol.PING_PONG,
                model.terms(oldKey),
                model.tensors)) {
      mirror.mirrorOut(new Progress(1, 4, 0.5));
      mirror.pool().persist();
      Files.copy(pool(), folder.resolve("earlier.pm"));
      mirror.mirrorOut(new Progress(2, 8, 0.25));
      mirror.pool().persist();
      newest = mirror.newest();
      state = model.values();
    }
    try (BrokerRecord record = record(oldKey)) {
      JobTerms terms =
          new JobTerms(
              Optional.of("job"),
              CfgDigest.ofCanonical(CFG.canonical()),
              SEED,
              List.of(SealedFile.info(data()).id()),
              FreshnessMode.STRICT);
      record.addBegun(JOB, terms, 1, newest, Permission.DEFAULT);
    }
  }

  @AfterEach
  void close() {
    oldKey.close();
    newKey.close();
  }

  @Test
  void under_the_new_key_the_state_is_the_same_and_the_old_key_opens_nothing() throws IOException {
    Job job = Rekey.run(request(), _ -> {});

    assertThat(open(newKey)).isEqualTo(new Progress(2, 8, 0.25));
    assertThatThrownBy(() -> open(oldKey)).isInstanceOf(MirrorException.WrongKey.class);
    assertThat(job.id()).isEqualTo(JOB);
    assertThat(job.terms().dataSets()).containsExactly(SealedFile.info(newData()).id());
    assertThat(job.terms().freshness()).isEqualTo(FreshnessMode.STRICT);
    assertThat(job.newest().orElseThrow().sequence()).isEqualTo(1);
    try (BrokerRecord record = record(oldKey)) {
      assertThat(record.job(JOB).orElseThrow().permission().revoked()).isTrue();
    }
    // Sealed again once more, it is read once more: each record opens under the new key.
    assertThat(Resealing.reseal(newData(), newKey, folder.resolve("third"), oldKey).records())
        .isEqualTo(Squares.COUNT);
  }

  @Test
  void killed_after_any_step_either_key_works_and_the_same_command_goes_on() throws IOException {
    for (Rekey.Step last : Rekey.Step.values()) {
      assertThatThrownBy(
              () ->
                  Rekey.run(
                      request(),
                      step -> {
                        if (step == last) {
                          throw new Killed();
                        }
                      }))
          .as("at %s", last)
          .isInstanceOf(Killed.class);
      boolean exchanged = last.compareTo(Rekey.Step.POOL_EXCHANGED) >= 0;
      assertThat(open(exchanged ? newKey : oldKey)).isEqualTo(new Progress(2, 8, 0.25));
    }

    Rekey.run(request(), _ -> {});
    assertThat(open(newKey)).isEqualTo(new Progress(2, 8, 0.25));
    assertThat(pm().resolve(Rekey.NEW_POOL)).doesNotExist();
  }

  @Test
  void an_older_pool_than_the_record_knows_of_gets_no_new_key() throws IOException {
    Files.copy(folder.resolve("earlier.pm"), pool(), StandardCopyOption.REPLACE_EXISTING);

    assertThatThrownBy(() -> Rekey.run(request(), _ -> {}))
        .isInstanceOfSatisfying(
            Refusal.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.TAMPERED))
        .hasMessageContaining("holds mirror 1", "knows of 2");
    assertThat(open(oldKey)).isEqualTo(new Progress(1, 4, 0.5));
  }

  @Test
  void a_model_of_other_kernels_gets_a_new_key_by_its_owners_word_alone() throws IOException {
    try (Model model = new Model();
        ModelMirror mirror =
            ModelMirror.open(
                MappedMemory.open(pool(), Access.READ_WRITE, WriteBack.AUTO),
                model.terms(oldKey, "kernels 3"),
                model.tensors)) {
      Progress progress = mirror.mirrorIn().orElseThrow();
      mirror.mirrorOut(progress);
      mirror.pool().persist();
    }

    assertThatThrownBy(() -> Rekey.run(request(), _ -> {}))
        .isInstanceOf(Refusal.class)
        .hasMessageContainingAll("kernels 3", "plinius broker replan");
    try (BrokerRecord record = record(oldKey)) {
      record.replan(JOB, Kernels.VERSION);
    }
    Rekey.run(request(), _ -> {});
    assertThat(open(newKey)).as("under this version's plan").isEqualTo(new Progress(2, 8, 0.25));
  }

  @Test
  void another_cfg_and_a_pool_in_use_are_refused() throws IOException {
    CfgFile other = Cfg.parse(CFG.canonical(), "test.cfg", Map.of("learning_rate", "0.2"));
    Rekey.Request changed =
        new Rekey.Request(
            oldKey, state(oldKey), newKey, state(newKey), Map.of(data(), newData()), pm(), other);

    assertThatThrownBy(() -> Rekey.run(changed, _ -> {})).hasMessageContaining("another cfg");
    try (FileChannel channel = FileChannel.open(pm().resolve("lock"), StandardOpenOption.WRITE);
        var held = channel.lock(0, 1, false)) {
      assertThat(held.isValid()).isTrue();
      assertThatThrownBy(() -> Rekey.run(request(), _ -> {}))
          .isInstanceOfAny(Refusal.class, java.nio.channels.OverlappingFileLockException.class);
    }
  }

  @Test
  void a_job_goes_over_with_its_policy_and_its_end_whenever_it_is_killed() throws IOException {
    Permission permission = guard(Optional.of(Instant.parse("2100-01-01T00:00:00Z")));

    killedAt(Rekey.Step.RECORD_WRITTEN);
    try (BrokerRecord record = record(newKey)) {
      assertThat(record.job(JOB).orElseThrow().permission()).isEqualTo(permission);
    }
    // What the owner says to the old job meanwhile holds for the new one.
    Permission later = guard(Optional.of(Instant.parse("2050-01-01T00:00:00Z")));
    assertThat(Rekey.run(request(), _ -> {}).permission()).isEqualTo(later);
  }

  @Test
  void a_revoked_job_is_revoked_under_the_new_key_too() throws IOException {
    try (BrokerRecord record = record(oldKey)) {
      record.revoke(JOB);
    }

    assertThat(Rekey.run(request(), _ -> {}).permission().revoked()).isTrue();
    try (BrokerRecord record = record(newKey)) {
      assertThat(record.job(JOB).orElseThrow().permission().revoked()).isTrue();
    }
  }

  @Test
  void a_job_revoked_between_a_kill_and_its_resumption_stays_revoked() throws IOException {
    killedAt(Rekey.Step.RECORD_WRITTEN);
    try (BrokerRecord record = record(oldKey)) {
      record.revoke(JOB);
    }

    assertThat(Rekey.run(request(), _ -> {}).permission().revoked()).isTrue();
  }

  @Test
  void what_the_old_key_trained_on_after_a_kill_is_never_replaced() throws IOException {
    killedAt(Rekey.Step.RECORD_WRITTEN);
    trainOn(new Progress(3, 12, 0.125));

    assertThatThrownBy(() -> Rekey.run(request(), _ -> {}))
        .isInstanceOf(Refusal.class)
        .hasMessageContainingAll("trained on under the old key", "iteration 3 from 2");
    assertThat(open(oldKey)).isEqualTo(new Progress(3, 12, 0.125));
    try (OwnerKey third = OwnerKey.generate()) {
      Rekey.run(request(third, folder.resolve("third.sealed")), _ -> {});
      assertThat(open(third)).isEqualTo(new Progress(3, 12, 0.125));
    }
  }

  @Test
  void a_rekeyed_pool_that_was_exchanged_for_another_is_refused() throws IOException {
    killedAt(Rekey.Step.RECORD_WRITTEN);
    Path fresh = pm().resolve(Rekey.NEW_POOL);
    Files.copy(pool(), fresh, StandardCopyOption.REPLACE_EXISTING);

    assertThatThrownBy(() -> Rekey.run(request(), _ -> {})).isInstanceOf(Refusal.class);
    assertThat(open(oldKey)).isEqualTo(new Progress(2, 8, 0.25));
  }

  @Test
  void the_old_pool_is_put_aside_and_not_lost() throws IOException {
    byte[] old = Files.readAllBytes(pool());

    Rekey.run(request(), _ -> {});
    assertThat(pm().resolve("model.pm.old-key")).hasBinaryContent(old);
  }

  @Test
  void the_old_key_as_the_new_one_is_refused_and_revokes_nothing() throws IOException {
    Rekey.Request same =
        new Rekey.Request(
            oldKey,
            state(oldKey),
            oldKey,
            folder.resolve("copy.broker"),
            Map.of(data(), data()),
            pm(),
            CFG);

    assertThatThrownBy(() -> Rekey.run(same, _ -> {})).hasMessageContaining("is the old one");
    try (BrokerRecord record = record(oldKey)) {
      assertThat(record.job(JOB).orElseThrow().permission().revoked()).isFalse();
    }
  }

  @Test
  void a_new_record_that_lost_the_job_revokes_nothing() throws IOException {
    killedAt(Rekey.Step.POOL_EXCHANGED);
    Files.move(state(newKey), folder.resolve("lost"));

    assertThatThrownBy(() -> Rekey.run(request(), _ -> {})).hasMessageContaining("knows no job");
    try (BrokerRecord record = record(oldKey)) {
      assertThat(record.job(JOB).orElseThrow().permission().revoked()).isFalse();
    }
  }

  @Test
  void the_best_model_of_the_old_key_goes_aside_and_that_of_the_new_one_stays() throws IOException {
    Path best = pm().resolve("best.pm");
    Path aside = pm().resolve("best.pm.old-key");
    byte[] old = Files.readAllBytes(pool());
    Files.write(best, old);

    Rekey.run(request(), _ -> {});
    assertThat(best).doesNotExist();
    assertThat(aside).hasBinaryContent(old);

    Files.copy(pool(), best);
    Rekey.run(request(), _ -> {});
    assertThat(best).exists();
    assertThat(aside).hasBinaryContent(old);
  }

  @Test
  void data_under_the_new_key_that_is_not_the_old_data_is_refused() throws IOException {
    SealedDataSetWriter.write(newData(), newKey, new Squares(5), _ -> {});

    assertThatThrownBy(() -> Rekey.run(request(), _ -> {}))
        .hasMessageContaining("exists and is not");
    Files.delete(newData());
    killedAt(Rekey.Step.DATA_SEALED);
    byte[] bytes = Files.readAllBytes(newData());
    bytes[bytes.length - 1] ^= 1;
    Files.write(newData(), bytes);
    assertThatThrownBy(() -> Rekey.run(request(), _ -> {}))
        .isInstanceOf(DataSetException.Tampered.class);
    try (BrokerRecord record = record(newKey)) {
      assertThat(record.jobs()).isEmpty();
    }
  }

  @Test
  void a_folder_that_is_not_there_is_named() {
    Rekey.Request nowhere =
        new Rekey.Request(
            oldKey,
            state(oldKey),
            newKey,
            state(newKey),
            Map.of(data(), newData()),
            folder.resolve("none"),
            CFG);

    assertThatThrownBy(() -> Rekey.run(nowhere, _ -> {}))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("there is no folder");
  }

  @Test
  void mistakes_on_the_command_line_have_the_exit_codes_of_mistakes() throws IOException {
    Path one = folder.resolve("one.key");
    Path two = folder.resolve("two.key");
    assertThat(plinius.cli.Main.run("key", "new", one.toString())).isZero();
    assertThat(plinius.cli.Main.run("key", "new", two.toString())).isZero();
    Path cfg = Files.writeString(folder.resolve("net.cfg"), CFG.canonical());
    Path none = folder.resolve("none");

    assertThat(rekey(none, one, two, pm())).isEqualTo(ExitCode.BAD_INPUT.code());
    assertThat(rekey(cfg, one, two, none)).isEqualTo(ExitCode.BAD_INPUT.code());
    assertThat(rekey(cfg, one, one, pm())).isEqualTo(ExitCode.USAGE.code());
    assertThat(Main.run("--key", one.toString())).isEqualTo(ExitCode.USAGE.code());
    assertThat(rekey(cfg, one, two, pm(), "--lenient")).isEqualTo(ExitCode.BAD_INPUT.code());
  }

  private int rekey(Path cfg, Path key, Path other, Path pm, String... more) {
    List<String> words =
        new ArrayList<>(
            List.of(
                cfg.toString(),
                "--key",
                key.toString(),
                "--new-key",
                other.toString(),
                "--data",
                data().toString(),
                "--new-data",
                newData().toString(),
                "--pm",
                pm.toString()));
    words.addAll(List.of(more));
    return Main.run(words.toArray(String[]::new));
  }

  private void killedAt(Rekey.Step last) {
    assertThatThrownBy(
            () ->
                Rekey.run(
                    request(),
                    step -> {
                      if (step == last) {
                        throw new Killed();
                      }
                    }))
        .isInstanceOf(Killed.class);
  }

  private Permission guard(Optional<Instant> until) {
    try (BrokerRecord record = record(oldKey)) {
      String digest =
          record.keepPolicy("test", "[simulation]\nmeasurement = " + "ab".repeat(48) + "\n");
      Permission permission = new Permission(Optional.of(digest), until);
      record.permit(JOB, permission);
      return permission;
    }
  }

  private void trainOn(Progress progress) {
    try (Model model = new Model();
        ModelMirror mirror =
            ModelMirror.open(
                MappedMemory.open(pool(), Access.READ_WRITE, WriteBack.AUTO),
                model.terms(oldKey),
                model.tensors)) {
      mirror.mirrorIn();
      mirror.mirrorOut(progress);
      mirror.pool().persist();
    }
  }

  private Progress open(OwnerKey key) {
    try (Model model = new Model();
        ModelMirror mirror =
            ModelMirror.open(
                MappedMemory.open(pool(), Access.READ_ONLY, WriteBack.AUTO),
                model.terms(key),
                model.tensors)) {
      Progress progress = mirror.mirrorIn().orElseThrow();
      List<float[]> values = model.values();
      for (int i = 0; i < values.size(); i++) {
        assertThat(values.get(i)).isEqualTo(state.get(i));
      }
      return progress;
    }
  }

  private Rekey.Request request() {
    return request(newKey, newData());
  }

  private Rekey.Request request(OwnerKey key, Path made) {
    return new Rekey.Request(
        oldKey, state(oldKey), key, state(key), Map.of(data(), made), pm(), CFG);
  }

  private BrokerRecord record(OwnerKey key) {
    return BrokerRecord.open(key, state(key), Clock.systemUTC());
  }

  private Path state(OwnerKey key) {
    return folder.resolve(key.id() + ".broker");
  }

  private Path data() {
    return folder.resolve("data.sealed");
  }

  private Path newData() {
    return folder.resolve("new.sealed");
  }

  private Path pm() {
    return folder.resolve("pm");
  }

  private Path pool() {
    return pm().resolve(Rekey.POOL);
  }

  private static void preallocate(Path file) throws IOException {
    try (Model model = new Model()) {
      Files.write(file, new byte[(int) ModelMirror.poolBytes(model.tensors)]);
    }
  }

  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** The network, its tensors, and the keys of its terms. */
  private static final class Model implements AutoCloseable {
    private final Workers workers = new Workers(1);
    private final Network network =
        Network.build(CFG, new NetworkOptions(new ScalarKernels(), workers, SEED, true));
    private final List<MirroredTensor> tensors =
        network.state().stream()
            .map(t -> new MirroredTensor(t.name(), t.shape(), t.block(), t.offset(), t.count()))
            .toList();
    private final List<SecretBytes> keys = new ArrayList<>();

    MirrorTerms terms(OwnerKey key) {
      return terms(key, network.plan());
    }

    /** By other kernels' plan, which may go on from this one's. */
    MirrorTerms terms(OwnerKey key, String plan) {
      keys.add(key.jobKey(JOB));
      keys.add(key.digestKey(SEED));
      return new MirrorTerms(
          JOB,
          key.id(),
          keys.get(keys.size() - 2),
          1,
          CFG.canonical(),
          SEED,
          plan,
          network.shards(),
          !plan.equals(network.plan()),
          keys.getLast());
    }

    List<float[]> values() {
      return tensors.stream()
          .map(
              t -> {
                float[] values = new float[t.count()];
                System.arraycopy(t.block(), t.offset(), values, 0, t.count());
                return values;
              })
          .toList();
    }

    @Override
    public void close() {
      keys.forEach(SecretBytes::close);
      workers.close();
    }
  }

  /** A few samples that can be told apart. */
  private static final class Squares implements SampleSource {
    private static final long COUNT = 9;
    private final int first;
    private int made;

    Squares() {
      this(0);
    }

    Squares(int first) {
      this.first = first;
    }

    @Override
    public SampleKind kind() {
      return new SampleKind(2, 2, 1, 3);
    }

    @Override
    public long count() {
      return COUNT;
    }

    @Override
    public Optional<Sample> next() {
      if (made == COUNT) {
        return Optional.empty();
      }
      made++;
      byte value = (byte) (first + made * made);
      return Optional.of(new Sample(new byte[] {value, 1, 2, 3}, made % 3));
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }
}
