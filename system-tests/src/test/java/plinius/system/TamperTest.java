package plinius.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import plinius.dataset.DataLayout;
import plinius.dataset.DataSetInfo;
import plinius.dataset.SampleOrder;
import plinius.owner.OwnerKey;
import plinius.owner.SealedFile;
import plinius.romulus.Extent;
import plinius.seal.SecretBytes;

/**
 * One thing tampered with a test: refused, with a message that names the place, with the exit code
 * of its class, and the pool is left as it was. That a copy which nobody tampered with goes on is
 * seen when all begins. Every bit and every exchange is tried without processes, by the tests of
 * mirror and sealed data; here each file and each of its parts is tried once.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TamperTest {
  private static final int BAD_INPUT = 65;
  private static final int TAMPERED = 71;
  private static final int IN_USE = 74;
  private static final int ITERATIONS = 5;
  private static final long SEED = 1;

  private World world;
  private Path trained;
  private Path newer; // a copy that went on for an iteration
  private DataSetInfo data;

  @BeforeAll
  void train_a_little() {
    world = World.make();
    trained = world.newPm();
    // Many copies of one pool go on: offline, or all but the first would be refused as stale.
    world.train(trained, "--iterations", ITERATIONS, "--freshness", "offline").expect(0);
    data = SealedFile.info(world.train());
    newer = world.copyOf(trained);
    Plinius.Run run = world.train(newer, "--iterations", ITERATIONS + 1).expect(0);
    assertThat(run.event("resume").path("iteration").asInt()).isEqualTo(ITERATIONS);
  }

  @AfterAll
  void clean_up() {
    if (world != null) {
      world.close();
    }
  }

  @Test
  void a_bit_of_the_largest_tensor() {
    Path pm = world.copyOf(trained);
    Extent largest =
        MirrorPlaces.in(pm).tensors().stream()
            .max((a, b) -> Long.compare(a.bytes(), b.bytes()))
            .orElseThrow();
    Bits.flip(pool(pm), largest.offset() + largest.bytes() / 2, 3);

    refused(pm, TAMPERED, "model.pm", "tensor");
  }

  @Test
  @Tag("long")
  void a_bit_anywhere_in_any_tensor() {
    Random random = World.random("a bit anywhere in any tensor");
    Path pm = world.copyOf(trained);
    List<Extent> tensors = MirrorPlaces.in(pm).tensors();
    Extent any = tensors.get(random.nextInt(tensors.size()));
    Bits.flip(pool(pm), any.offset() + random.nextLong(any.bytes()), random.nextInt(8));

    refused(pm, TAMPERED, "model.pm", "tensor");
  }

  @Test
  void a_bit_of_the_sealed_header() {
    Path pm = world.copyOf(trained);
    Extent header = MirrorPlaces.in(pm).header();
    Bits.flip(pool(pm), header.offset() + header.bytes() / 2, 0);

    refused(pm, TAMPERED, "model.pm", "header");
  }

  @Test
  void a_bit_of_the_header_of_the_pool() {
    Random random = World.random("a bit of the header of the pool");
    Path pm = world.copyOf(trained);
    Bits.flip(pool(pm), random.nextInt(4096), random.nextInt(8));

    // The magic number and the version make it another file's or another program's; the key's id
    // another owner's.
    Plinius.Run run = refused(pm, -1, "model.pm");
    assertThat(run.exitCode()).isIn(BAD_INPUT, TAMPERED);
  }

  @Test
  void a_bit_of_the_word_that_commits() {
    Path pm = world.copyOf(trained);
    Bits.flip(pool(pm), 4096, 0);

    refused(pm, TAMPERED, "model.pm");
  }

  @Test
  void a_bit_of_the_manifest() {
    Path pm = world.copyOf(trained);
    Bits.flip(loaded(pm), DataLayout.RECORDS_OFFSET - 40, 5);

    refused(pm, TAMPERED, "train.sealed", "manifest");
  }

  @Test
  void a_bit_of_a_record() {
    Path pm = world.copyOf(trained);
    long record = nextRecord(0);
    Bits.flip(loaded(pm), offset(record) + data.recordBytes() / 2, 1);

    refused(pm, TAMPERED, "train.sealed", "record " + record);
  }

  @Test
  @Tag("long")
  void two_records_exchanged() {
    Path pm = world.copyOf(trained);
    long record = nextRecord(0);
    Bits.exchange(loaded(pm), offset(record), offset(nextRecord(7)), data.recordBytes());

    refused(pm, TAMPERED, "train.sealed", "record " + record);
  }

  @Test
  @Tag("long")
  void two_tensors_of_one_shape_exchanged() {
    Path pm = world.copyOf(trained);
    List<Extent> two = MirrorPlaces.in(pm).twoOfOneShape();
    Bits.exchange(pool(pm), two.get(0).offset(), two.get(1).offset(), (int) two.get(0).bytes());

    refused(pm, TAMPERED, "model.pm", "tensor", "exchanged");
  }

  @Test
  void a_tensor_from_an_older_iteration() {
    Path pm = world.copyOf(newer);
    Extent old = MirrorPlaces.in(trained).tensors().getFirst();
    Extent now = MirrorPlaces.in(pm).tensors().getFirst();
    Bits.write(pool(pm), now.offset(), Bits.read(pool(trained), old.offset(), (int) old.bytes()));

    refused(pm, TAMPERED, "model.pm", "tensor", "older");
  }

  @Test
  void the_wrong_key() {
    Path pm = world.copyOf(trained);
    Path other = world.file("other.key");
    world.plinius().run("key", "new", other).expect(0);
    String before = Bits.sha256(pool(pm));

    Plinius.Run run =
        world
            .plinius()
            .run(
                "train", world.cfg(), "--data", world.train(), "--key", other, "--pm", pm, "--json")
            .expect(BAD_INPUT);

    assertThat(run.err()).contains("wrong key", keyId(world.key()), keyId(other));
    assertThat(run.event("error").path("code").asInt()).isEqualTo(BAD_INPUT);
    assertThat(Bits.sha256(pool(pm))).isEqualTo(before);
  }

  @Test
  void another_cfg() throws Exception {
    Path pm = world.copyOf(trained);
    Path other = world.file("other.cfg");
    Files.writeString(
        other, Files.readString(world.cfg()).replaceFirst("filters=16", "filters=24"));
    String before = Bits.sha256(pool(pm));

    Plinius.Run run =
        world
            .plinius()
            .run(
                "train", other, "--data", world.train(), "--key", world.key(), "--pm", pm, "--json")
            .expect(BAD_INPUT);

    assertThat(run.reason()).contains("filters", "16", "24");
    assertThat(Bits.sha256(pool(pm))).isEqualTo(before);
  }

  @Test
  @Tag("long")
  void another_learning_rate() {
    Path pm = world.copyOf(trained);

    refused(pm, BAD_INPUT, List.of("--set", "learning_rate=0.5"), "learning_rate", "0.05", "0.5");
  }

  @Test
  void a_truncated_pool() throws Exception {
    Path pm = world.copyOf(trained);
    Bits.truncate(pool(pm), Files.size(pool(pm)) - 4096);

    refused(pm, TAMPERED, "model.pm");
  }

  @Test
  void truncated_data() throws Exception {
    Path pm = world.copyOf(trained);
    Bits.truncate(loaded(pm), Files.size(loaded(pm)) - data.recordBytes());

    // The host loads the sealed file again: what was truncated was never complete.
    world.train(pm, "--iterations", "7").expect(0);
  }

  @Test
  void a_pool_in_use() {
    Path pm = world.copyOf(trained);
    Plinius.Running first = world.startTraining(pm);
    first.awaitOutput("\"iteration\":" + (ITERATIONS + 1) + ",");
    first.signalHost("STOP");
    try {
      Plinius.Run second = world.train(pm).expect(IN_USE);
      assertThat(second.reason()).contains(pm.toString());
    } finally {
      first.signalHost("CONT");
    }
    first.end().expect(0);
  }

  private Plinius.Run refused(Path pm, int code, String... said) {
    return refused(pm, code, List.of(), said);
  }

  private Plinius.Run refused(Path pm, int code, List<String> more, String... said) {
    String before = Bits.sha256(pool(pm));

    Plinius.Run run = world.train(pm, more.toArray());

    run.expect(code < 0 ? run.exitCode() : code);
    assertThat(run.exitCode()).isNotZero();
    assertThat(run.reason()).contains(said);
    assertThat(run.event("error").path("code").asInt()).isEqualTo(run.exitCode());
    assertThat(run.events("iteration")).isEmpty();
    assertThat(Bits.sha256(pool(pm))).as("the pool is left as it was").isEqualTo(before);
    return run;
  }

  /** The record that training reads after so many others, when it goes on. */
  private long nextRecord(int after) {
    try (OwnerKey key = OwnerKey.load(world.key(), () -> new char[0]);
        SecretBytes order = key.orderKey(SEED)) {
      return new SampleOrder(order, data.records()).at((long) ITERATIONS * World.BATCH + after);
    }
  }

  private long offset(long record) {
    return DataLayout.RECORDS_OFFSET + record * data.recordBytes();
  }

  private static Path pool(Path pm) {
    return pm.resolve("model.pm");
  }

  private Path loaded(Path pm) {
    return pm.resolve("data-" + data.id() + ".pm");
  }

  private static String keyId(Path file) {
    try (OwnerKey key = OwnerKey.load(file, () -> new char[0])) {
      return key.id().toString();
    }
  }
}
