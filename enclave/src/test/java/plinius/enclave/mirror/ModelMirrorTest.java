package plinius.enclave.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.attestation.kbs.FreshnessMode;
import plinius.attestation.kbs.MirrorId;
import plinius.enclave.EnclaveException;
import plinius.kernel.Workers;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;
import plinius.romulus.Pool;
import plinius.romulus.PoolException;
import plinius.romulus.Protocol;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;
import plinius.testkit.CrashTester;
import plinius.testkit.Granularity;
import plinius.testkit.SimulatedMemory;
import plinius.testkit.Tearing;

class ModelMirrorTest {
  private static final Id128 JOB = new Id128(1, 2);
  private static final Id128 KEY_ID = new Id128(3, 4);
  private static final int PAGE = 4096;
  private static final int PLACE_BYTES = 16;

  private final SecretBytes jobKey = SecretBytes.random(32);
  private final SecretBytes digestKey = SecretBytes.random(32);
  private final float[] block = new float[96];

  /** Two of equal shape, so that they can be exchanged, and one of its own. */
  private final List<MirroredTensor> tensors = tensors(block);

  private static List<MirroredTensor> tensors(float[] block) {
    return List.of(
        new MirroredTensor("0.convolutional.weights", new int[] {2, 4, 4}, block, 0, 32),
        new MirroredTensor("1.convolutional.weights", new int[] {2, 4, 4}, block, 32, 32),
        new MirroredTensor("2.connected.biases", new int[] {32}, block, 64, 32));
  }

  private MirrorTerms terms() {
    return terms("[net]\nlearning_rate=0.1\n", 1, "plan a", KEY_ID, JOB);
  }

  private MirrorTerms terms(String cfg, long seed, String plan, Id128 keyId, Id128 job) {
    return new MirrorTerms(job, keyId, jobKey, 1, cfg, seed, plan, 8, false, digestKey);
  }

  /** The terms of a run with other kernels, by the owner's word. */
  private MirrorTerms replanned(String plan, int shards, long seed) {
    return new MirrorTerms(
        JOB, KEY_ID, jobKey, 1, terms().canonicalCfg(), seed, plan, shards, true, digestKey);
  }

  private void fill(int iteration) {
    for (int i = 0; i < block.length; i++) {
      block[i] = iteration * 1000 + i;
    }
  }

  private static Progress progress(int iteration) {
    return new Progress(iteration, 64L * iteration, 1.0 / 3 + iteration);
  }

  private SimulatedMemory memory() {
    return new SimulatedMemory(
        Math.toIntExact(ModelMirror.poolBytes(tensors) + PAGE - 1) / PAGE * PAGE, Granularity.LINE);
  }

  /** A pool that holds the mirror of iteration {@code iterations}, and what its file would hold. */
  private byte[] poolAfter(int iterations) {
    SimulatedMemory memory = memory();
    try (ModelMirror mirror = ModelMirror.create(memory, Protocol.PING_PONG, terms(), tensors)) {
      for (int i = 1; i <= iterations; i++) {
        fill(i);
        mirror.mirrorOut(progress(i));
      }
    }
    return memory.visible();
  }

  private Progress mirrorIn(byte[] image, MirrorTerms terms, List<MirroredTensor> into) {
    try (ModelMirror mirror =
        ModelMirror.open(SimulatedMemory.of(image, Granularity.LINE), terms, into)) {
      return mirror.mirrorIn().orElseThrow();
    }
  }

  @Test
  void mirror_in_gives_back_what_was_mirrored_out() {
    byte[] image = poolAfter(3);
    float[] wanted = block.clone();
    float[] other = new float[block.length];

    Progress progress = mirrorIn(image, terms(), tensors(other));

    assertThat(other).containsExactly(wanted);
    assertThat(progress).isEqualTo(progress(3));
  }

  @Test
  void threads_share_the_records_and_whoever_reads_them_gets_the_same(@TempDir Path folder)
      throws IOException {
    float[] values = new float[(3 << 20) / 4 + 5];
    float[] few = {1, 2, 3};
    for (int i = 0; i < values.length; i++) {
      values[i] = i * 0.25f;
    }
    Path pool = folder.resolve("model.pm");
    try (Workers three = new Workers(3);
        ModelMirror mirror = wide(pool, values, few).sharedBy(three)) {
      mirror.mirrorOut(progress(1));
      few[1] = 7;
      mirror.mirrorOut(progress(2));
    }

    for (int threads = 1; threads <= 3; threads++) {
      float[] read = new float[values.length];
      float[] readFew = new float[3];
      readWide(pool, read, readFew, threads);
      assertThat(Arrays.equals(read, values)).isTrue();
      assertThat(readFew).containsExactly(1, 7, 3);
    }
  }

  @Test
  void one_flipped_bit_leaves_nothing_of_the_records_that_other_threads_read(@TempDir Path folder)
      throws IOException {
    float[] values = new float[(3 << 20) / 4];
    Arrays.fill(values, 1);
    Path pool = folder.resolve("model.pm");
    try (ModelMirror mirror = wide(pool, values, new float[] {1})) {
      mirror.mirrorOut(progress(1));
    }
    byte[] image = Files.readAllBytes(pool);
    image[image.length / 3] ^= 1; // within the extents of the only mirror
    Files.write(pool, image);
    float[] read = new float[values.length];

    assertThatThrownBy(() -> readWide(pool, read, new float[1], 2))
        .isInstanceOf(MirrorException.Tampered.class)
        .hasMessageContaining("values");
    assertThat(Arrays.equals(read, new float[values.length])).isTrue();
  }

  private static List<MirroredTensor> wideTensors(float[] values, float[] few) {
    return List.of(
        new MirroredTensor("few", new int[] {few.length}, few, 0, few.length),
        new MirroredTensor("values", new int[] {values.length}, values, 0, values.length));
  }

  private ModelMirror wide(Path pool, float[] values, float[] few) throws IOException {
    List<MirroredTensor> wide = wideTensors(values, few);
    long bytes = (ModelMirror.poolBytes(wide) + PAGE - 1) / PAGE * PAGE;
    Files.write(pool, new byte[Math.toIntExact(bytes)]);
    return ModelMirror.create(
        MappedMemory.open(pool, Access.READ_WRITE, WriteBack.AUTO),
        Protocol.PING_PONG,
        terms(),
        wide);
  }

  private void readWide(Path pool, float[] values, float[] few, int threads) {
    try (Workers workers = new Workers(threads);
        ModelMirror mirror =
            ModelMirror.open(
                    MappedMemory.open(pool, Access.READ_ONLY, WriteBack.AUTO),
                    terms(),
                    wideTensors(values, few))
                .sharedBy(workers)) {
      assertThat(mirror.mirrorIn()).isPresent();
    }
  }

  @Test
  void a_pool_without_a_mirror_has_none() {
    try (ModelMirror mirror = ModelMirror.create(memory(), Protocol.PING_PONG, terms(), tensors)) {
      assertThat(mirror.mirrorIn()).isEmpty();
    }
  }

  @Test
  void each_run_seals_under_a_later_epoch_and_goes_on_with_the_sequence() {
    SimulatedMemory memory = SimulatedMemory.of(poolAfter(2), Granularity.LINE);
    try (ModelMirror mirror = ModelMirror.open(memory, terms(), tensors)) {
      assertThat(mirror.epoch()).isEqualTo(2);
      mirror.mirrorIn();
      fill(3);
      mirror.mirrorOut(progress(3));
      assertThat(mirror.sequence()).isEqualTo(3);
    }

    try (ModelMirror mirror = ModelMirror.open(memory, terms(), tensors)) {
      assertThat(mirror.epoch()).isEqualTo(3);
      assertThat(mirror.mirrorIn()).contains(progress(3));
    }
  }

  /** As many untold as a run leaves that its broker does not answer. */
  @Test
  void the_widest_window_is_as_wide_as_it_says() {
    FreshnessMode widest = new FreshnessMode(FreshnessMode.MIRRORS_MAX);
    SimulatedMemory memory = SimulatedMemory.of(poolAfter(2), Granularity.LINE);
    MirrorId told;
    try (ModelMirror mirror = ModelMirror.open(memory, terms(), tensors)) {
      told = mirror.newest();
      for (int i = 1; i <= widest.mirrors(); i++) {
        mirror.mirrorOut(progress(2 + i));
      }
      accept(widest, told, mirror);
    }

    try (ModelMirror mirror = ModelMirror.open(memory, terms(), tensors)) {
      accept(widest, told, mirror);
      assertThatThrownBy(() -> accept(widest, MirrorId.of(told.sequence(), new byte[32]), mirror))
          .isInstanceOf(MirrorException.Stale.class)
          .hasMessageContaining("did not come from");
      mirror.mirrorOut(progress(3 + widest.mirrors()));
    }

    try (ModelMirror mirror = ModelMirror.open(memory, terms(), tensors)) {
      assertThatThrownBy(() -> accept(widest, told, mirror))
          .isInstanceOf(MirrorException.Stale.class)
          .hasMessageContaining("65 ahead");
    }
  }

  private static void accept(FreshnessMode mode, MirrorId told, ModelMirror mirror) {
    new Freshness(mode, Optional.of(told), _ -> {}).accept(mirror);
  }

  @Test
  void equal_states_have_equal_digests_in_other_pools_runs_and_epochs() {
    fill(5);
    byte[] digest;
    try (ModelMirror mirror = ModelMirror.create(memory(), Protocol.PING_PONG, terms(), tensors)) {
      digest = mirror.stateDigest(progress(5));
      block[95] = Math.nextUp(block[95]);
      assertThat(mirror.stateDigest(progress(5))).isNotEqualTo(digest);
      assertThat(mirror.stateDigest(progress(6))).isNotEqualTo(digest);
    }

    fill(5);
    try (ModelMirror mirror =
        ModelMirror.create(
            memory(),
            Protocol.PING_PONG,
            terms("other", 1, "p", KEY_ID, new Id128(9, 9)),
            tensors)) {
      assertThat(mirror.stateDigest(progress(5))).isEqualTo(digest);
    }
  }

  @Test
  void nothing_of_the_plain_state_lies_in_the_pool() {
    byte[] image = poolAfter(2);
    byte[] known = new byte[16];
    for (int i = 0; i < 4; i++) {
      ByteBuffer.wrap(known).order(ByteOrder.LITTLE_ENDIAN).putFloat(4 * i, block[i]);
    }

    assertThat(count(image, known)).isZero();
    System.arraycopy(known, 0, image, 12345, known.length);
    assertThat(count(image, known)).as("what a control planted").isOne();
  }

  /**
   * The crash model over mirrorOut, and over mirrorOut after a crash inside the copying of the
   * pool: every store, flush and fence. What recovers is the mirror before or the one after, whole,
   * and once mirrorOut has returned never the one before.
   */
  @ParameterizedTest
  @EnumSource(Granularity.class)
  void mirror_out_is_atomic_at_every_store_flush_and_fence(Granularity granularity) {
    SimulatedMemory memory = new SimulatedMemory(poolAfter(2), granularity, Tearing.LINES);
    memory.mark(2);
    try (ModelMirror mirror = ModelMirror.open(memory, terms(), tensors)) {
      mirror.mirrorIn();
      for (int i = 3; i <= 4; i++) {
        fill(i);
        mirror.mirrorOut(progress(i));
        memory.mark(i);
      }
    }
    int[] seen = new int[5];

    CrashTester.Report report =
        new CrashTester(
                (image, _) -> {
                  int iteration = iterationOf(image);
                  seen[iteration]++;
                  return iteration;
                })
            .limit(4)
            .test(memory.trace());

    assertThat(report.instants()).isGreaterThan(50);
    assertThat(seen[2]).isPositive();
    assertThat(seen[3]).isPositive();
    assertThat(seen[4]).isPositive();
  }

  /** Of the mirror in it, which is whole. */
  private int iterationOf(PersistentMemory image) {
    float[] values = new float[block.length];
    try (ModelMirror mirror = ModelMirror.open(image, terms(), tensors(values))) {
      int iteration = (int) mirror.mirrorIn().orElseThrow().iteration();
      assertThat(values[0]).isEqualTo(iteration * 1000);
      assertThat(values[95]).isEqualTo(iteration * 1000 + 95);
      return iteration;
    }
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void what_changes_once_the_tensors_are_sealed_is_not_in_the_mirror(Protocol protocol) {
    SimulatedMemory memory = memory();
    try (ModelMirror mirror = ModelMirror.create(memory, protocol, terms(), tensors)) {
      for (int i = 1; i <= 3; i++) {
        fill(i);
        mirror.mirrorOut(progress(i), () -> {}, () -> Arrays.fill(block, Float.NaN));

        assertThat(iterationOf(SimulatedMemory.of(memory.visible(), Granularity.LINE)))
            .isEqualTo(i);
      }
    }
  }

  @Test
  void a_pool_too_small_for_a_second_model_is_full_and_keeps_the_first() {
    float[] large = new float[1 << 19];
    List<MirroredTensor> wide =
        List.of(new MirroredTensor("w", new int[] {large.length}, large, 0, large.length));
    SimulatedMemory memory = memory();
    try (ModelMirror mirror = ModelMirror.create(memory, Protocol.PING_PONG, terms(), wide)) {
      assertThatThrownBy(() -> mirror.mirrorOut(progress(1)))
          .isInstanceOf(PoolException.Full.class);
      assertThat(mirror.sequence()).isZero();
      assertThat(mirror.mirrorIn()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void a_model_that_is_not_finite_is_not_mirrored_and_the_last_one_stays(Protocol protocol) {
    int perRecord = SealedRecords.PLAIN_BYTES_MAX / Float.BYTES;
    float[] wide = new float[2 * perRecord + 100];
    List<MirroredTensor> parts =
        List.of(
            new MirroredTensor("small", new int[] {50}, wide, 0, 50),
            new MirroredTensor("large", new int[] {wide.length - 50}, wide, 50, wide.length - 50));
    SimulatedMemory memory = new SimulatedMemory(4 << 20, Granularity.LINE);
    try (Workers workers = new Workers(2);
        ModelMirror mirror =
            ModelMirror.create(memory, protocol, terms(), parts).sharedBy(workers)) {
      Arrays.fill(wide, 1);
      mirror.mirrorOut(progress(1));
      byte[] kept = memory.visible();
      assertThat(mirror.finite()).isTrue();
      int[] ends = {50, 50 + perRecord - 1, 50 + perRecord, wide.length - 1};
      int[] places = IntStream.concat(IntStream.range(0, 50), Arrays.stream(ends)).toArray();
      for (int at : places) {
        for (float bad : new float[] {Float.NaN, 1 / 0f, -1 / 0f}) {
          wide[at] = bad;
          boolean[] told = {false};
          assertThat(mirror.finite()).isFalse();
          assertThatThrownBy(() -> mirror.mirrorOut(progress(2), () -> {}, () -> told[0] = true))
              .isInstanceOf(MirrorException.NotFinite.class)
              .hasMessage(
                  "tensor %s has a value that is not a finite number"
                      .formatted(at < 50 ? "small" : "large"));
          assertThat(told[0]).as("sealed").isFalse();
          wide[at] = Float.MAX_VALUE;
        }
      }
      assertThat(mirror.sequence()).isEqualTo(1);
      Arrays.fill(wide, 0);
      SimulatedMemory then = SimulatedMemory.of(memory.visible(), Granularity.LINE);
      try (ModelMirror again = ModelMirror.open(then, terms(), parts)) {
        assertThat(again.mirrorIn().map(Progress::iteration)).contains(1L);
      }
      assertThat(wide).containsOnly(1);
      mirror.mirrorOut(progress(2));
      assertThat(mirror.sequence()).isEqualTo(2);
      assertThat(kept).isNotEqualTo(memory.visible());
    }
  }

  // ---------------------------------------------------------------- tampering, one a test

  /** Where the records of the newest mirror lie: tensor index (-1 the header) to offset. */
  private static Map<Integer, Integer> records(byte[] image, long sequence) {
    Map<Integer, Integer> found = new HashMap<>();
    for (int at = 0; at < image.length; at += PAGE) {
      ByteBuffer place = ByteBuffer.wrap(image, at, PLACE_BYTES);
      int tensor = place.getInt();
      if (tensor >= -1 && tensor < 3 && place.getInt() == 0 && place.getLong() == sequence) {
        found.put(tensor, at);
      }
    }
    assertThat(found).containsOnlyKeys(-1, 0, 1, 2);
    return found;
  }

  private void assertTampered(byte[] image, String... words) {
    float[] untouched = new float[block.length];
    byte[] before = image.clone();
    SimulatedMemory memory = SimulatedMemory.of(image, Granularity.LINE);

    assertThatThrownBy(
            () -> {
              try (ModelMirror mirror = ModelMirror.open(memory, terms(), tensors(untouched))) {
                mirror.mirrorIn();
              }
            })
        .isInstanceOf(MirrorException.Tampered.class)
        .hasMessageContainingAll(words);

    assertThat(untouched).containsOnly(0);
    assertThat(memory.visible()).isEqualTo(before);
  }

  @Test
  void a_flipped_bit_of_any_sealed_tensor_is_noticed() {
    byte[] image = poolAfter(2);
    Map<Integer, Integer> records = records(image, 2);
    long seed = Long.getLong("test.seed", System.nanoTime());
    Random random = new Random(seed);
    int sealedBytes = 12 + 4 * 32 + 16;
    for (int tensor = 0; tensor < 3; tensor++) {
      for (int sample = 0; sample < 40; sample++) {
        byte[] changed = image.clone();
        int at = records.get(tensor) + PLACE_BYTES + random.nextInt(sealedBytes);
        changed[at] ^= (byte) (1 << random.nextInt(8));
        assertTampered(changed, tensors.get(tensor).name(), "record 1 of 1", "bit");
      }
    }
  }

  @Test
  void a_flipped_bit_of_the_header_is_noticed() {
    byte[] image = poolAfter(2);
    image[records(image, 2).get(-1) + PLACE_BYTES + 40] ^= 1;

    assertTampered(image, "header", "bit");
  }

  @Test
  void offsets_changed_after_a_pool_was_opened_are_noticed_by_the_next_mirror_which_leaves_nothing()
      throws ReflectiveOperationException {
    long place = records(poolAfter(2), 2).get(0);
    boolean sealed = false;
    // Beyond all memory, in nobody's page, across the end of an extent.
    for (long forged : new long[] {1L << 40, 4096L * 9, place + 1, -1}) {
      SimulatedMemory memory = SimulatedMemory.of(poolAfter(2), Granularity.LINE);
      byte[] before = memory.visible();
      try (ModelMirror mirror = ModelMirror.open(memory, terms(), tensors)) {
        int changed = 0;
        for (int at = 0; at < before.length; at += 8) {
          if (memory.getLong(at) == place) {
            memory.setLong(at, forged);
            changed++;
          }
        }
        assertThat(changed).isPositive();
        assertThatThrownBy(() -> mirror.mirrorOut(progress(3)))
            .as("with %d", forged)
            .isInstanceOf(MirrorException.Tampered.class);
        sealed |= sealed(mirror);
      }
    }
    assertThat(sealed).as("that one of them was noticed after values had been sealed").isTrue();
  }

  /** Whether a mirror has sealed values, of which it then must have kept nothing. */
  private static boolean sealed(ModelMirror mirror) throws ReflectiveOperationException {
    Object lane = ((Object[]) field(field(mirror, "records"), "lanes"))[0];
    assertThat((byte[]) field(lane, "plain")).containsOnly(0);
    byte[] sealed = (byte[]) field(lane, "sealed");
    return !Arrays.equals(sealed, new byte[sealed.length]);
  }

  private static Object field(Object of, String name) throws ReflectiveOperationException {
    Field field = of.getClass().getDeclaredField(name);
    field.setAccessible(true);
    return field.get(of);
  }

  @Test
  void two_tensors_of_equal_shape_exchanged_are_noticed() {
    byte[] image = poolAfter(2);
    Map<Integer, Integer> records = records(image, 2);
    byte[] first = Arrays.copyOfRange(image, records.get(0), records.get(0) + PAGE);
    System.arraycopy(image, records.get(1), image, records.get(0), PAGE);
    System.arraycopy(first, 0, image, records.get(1), PAGE);

    assertTampered(image, "0.convolutional.weights", "exchanged");
  }

  @Test
  void two_tensors_exchanged_with_forged_places_are_noticed() {
    byte[] image = poolAfter(2);
    Map<Integer, Integer> records = records(image, 2);
    byte[] first = Arrays.copyOfRange(image, records.get(0), records.get(0) + PAGE);
    System.arraycopy(
        image,
        records.get(1) + PLACE_BYTES,
        image,
        records.get(0) + PLACE_BYTES,
        PAGE - PLACE_BYTES);
    System.arraycopy(first, PLACE_BYTES, image, records.get(1) + PLACE_BYTES, PAGE - PLACE_BYTES);

    assertTampered(image, "0.convolutional.weights", "seal does not fit");
  }

  @Test
  void an_older_record_put_back_is_noticed() {
    // The extents of mirror 1 are still there, unused, while mirror 2 is the newest.
    byte[] image = poolAfter(2);
    int older = records(image, 1).get(2);
    System.arraycopy(image, older, image, records(image, 2).get(2), PAGE);

    assertTampered(image, "2.connected.biases", "mirror 1", "mirror 2", "older");
  }

  @Test
  void a_record_of_another_job_is_noticed() {
    byte[] image = poolAfter(2);
    byte[] foreign;
    try (SecretBytes otherKey = SecretBytes.random(32)) {
      SimulatedMemory memory = memory();
      MirrorTerms other =
          new MirrorTerms(JOB, KEY_ID, otherKey, 1, "[net]\n", 1, "plan a", 8, false, digestKey);
      try (ModelMirror mirror = ModelMirror.create(memory, Protocol.PING_PONG, other, tensors)) {
        mirror.mirrorOut(progress(1));
        mirror.mirrorOut(progress(2));
      }
      foreign = memory.visible();
    }
    System.arraycopy(foreign, records(foreign, 2).get(1), image, records(image, 2).get(1), PAGE);

    assertTampered(image, "1.convolutional.weights", "seal does not fit");
  }

  @Test
  void a_truncated_pool_is_refused() {
    byte[] image = poolAfter(2);
    byte[] half = Arrays.copyOf(image, image.length / 2 / PAGE * PAGE);

    assertThatThrownBy(() -> mirrorIn(half, terms(), tensors)).isInstanceOf(PoolException.class);
  }

  @Test
  void a_flipped_bit_anywhere_in_the_twins_or_the_header_page_is_refused_or_harmless() {
    byte[] image = poolAfter(2);
    float[] wanted = block.clone();
    long seed = Long.getLong("test.seed", System.nanoTime());
    Random random = new Random(seed);
    List<String> accepted = new ArrayList<>();
    for (int sample = 0; sample < 400; sample++) {
      byte[] changed = image.clone();
      int at = random.nextInt(image.length);
      changed[at] ^= (byte) (1 << random.nextInt(8));
      float[] values = new float[block.length];
      try {
        mirrorIn(changed, terms(), tensors(values));
        assertThat(values).as("seed %d, byte %d", seed, at).containsExactly(wanted);
        accepted.add(String.valueOf(at));
      } catch (MirrorException | PoolException e) {
        assertThat(values).as("seed %d, byte %d", seed, at).containsOnly(0);
      }
    }
    assertThat(accepted).as("free space holds nothing").isNotEmpty();
  }

  // ---------------------------------------------------------------- other terms

  @Test
  void a_configuration_too_long_for_a_header_is_refused_before_the_first_mirror() {
    String longest = "#".repeat(MirrorHeader.SUBJECT_BYTES_MAX - 1000);

    assertThatThrownBy(() -> created(longest + "#".repeat(1000)))
        .isInstanceOf(EnclaveException.BadInput.class)
        .hasMessageContaining("more than 258048 bytes");
    try (ModelMirror mirror = created(longest)) {
      for (int i = 1; i <= 2 * MirrorHeader.RING_ENTRIES; i++) {
        mirror.mirrorOut(new Progress(i, i, 1));
      }
    }
  }

  private ModelMirror created(String cfg) {
    MirrorTerms terms = terms(cfg, 1, "plan a", KEY_ID, JOB);
    return ModelMirror.create(memory(), Protocol.PING_PONG, terms, tensors);
  }

  @Test
  void another_configuration_is_refused_with_the_mirrored_one() {
    byte[] image = poolAfter(1);

    assertThatThrownBy(
            () ->
                mirrorIn(
                    image, terms("[net]\nlearning_rate=0.2\n", 1, "plan a", KEY_ID, JOB), tensors))
        .isInstanceOfSatisfying(
            MirrorException.OtherConfiguration.class,
            e -> assertThat(e.mirrored()).contains("learning_rate=0.1"));
  }

  @Test
  void another_seed_or_plan_is_refused_by_name() {
    byte[] image = poolAfter(1);
    String cfg = terms().canonicalCfg();

    assertThatThrownBy(() -> mirrorIn(image, terms(cfg, 2, "plan a", KEY_ID, JOB), tensors))
        .isInstanceOf(MirrorException.OtherPlan.class)
        .hasMessageContaining("seed 1");
    assertThatThrownBy(() -> mirrorIn(image, terms(cfg, 1, "plan b", KEY_ID, JOB), tensors))
        .isInstanceOf(MirrorException.OtherPlan.class)
        .hasMessageContainingAll("plan a", "plan b", "--replan");
  }

  @Test
  void another_plan_goes_on_by_the_owners_word_and_is_the_next_mirrors() {
    SimulatedMemory memory = SimulatedMemory.of(poolAfter(2), Granularity.LINE);
    float[] wanted = block.clone();
    byte[] before = memory.visible();
    Arrays.fill(block, 0);
    try (ModelMirror mirror = ModelMirror.open(memory, replanned("plan b", 4, 1), tensors)) {
      assertThat(mirror.otherPlan()).contains("plan a");
      assertThat(mirror.mirrorIn()).contains(progress(2));
      assertThat(block).containsExactly(wanted);
      assertThat(memory.visible()).as("opening writes nothing").isEqualTo(before);
      mirror.mirrorOut(progress(3));
    }
    byte[] image = memory.visible();

    assertThatThrownBy(() -> mirrorIn(image, terms(), tensors))
        .as("the way back is another word")
        .isInstanceOf(MirrorException.OtherPlan.class);
    MirrorTerms withoutIt =
        new MirrorTerms(
            JOB, KEY_ID, jobKey, 1, terms().canonicalCfg(), 1, "plan b", 4, false, digestKey);
    try (ModelMirror mirror = ModelMirror.open(memory, withoutIt, tensors)) {
      assertThat(mirror.otherPlan()).isEmpty();
      assertThat(mirror.mirrorIn()).contains(progress(3));
      assertThat(block).containsExactly(wanted);
    }
  }

  @Test
  void the_owners_word_for_another_plan_is_none_for_another_seed_model_or_key() {
    byte[] image = poolAfter(1);

    assertThatThrownBy(() -> mirrorIn(image, replanned("plan b", 8, 2), tensors))
        .isInstanceOf(MirrorException.OtherPlan.class)
        .hasMessageContaining("seed 1");
    assertThatThrownBy(() -> mirrorIn(image, replanned("plan a", 4, 1), tensors))
        .as("one plan cannot have two numbers of shards")
        .isInstanceOf(MirrorException.OtherPlan.class)
        .hasMessageContaining("shards 8");
    List<MirroredTensor> other = new ArrayList<>(tensors);
    other.set(2, new MirroredTensor("2.connected.weights", new int[] {32}, block, 64, 32));
    assertThatThrownBy(() -> mirrorIn(image, replanned("plan b", 8, 1), other))
        .isInstanceOf(MirrorException.OtherPlan.class)
        .hasMessageContaining("tensor 2");
    assertThatThrownBy(() -> mirrorIn(image, replanned("plan b", 8, 1), other.subList(0, 2)))
        .as("other kernels may need another state, which is no tampering")
        .isInstanceOf(MirrorException.OtherPlan.class)
        .hasMessageContaining("number of tensors 3");
    byte[] changed = image.clone();
    changed[records(image, 1).get(0) + PLACE_BYTES + 20] ^= 1;
    assertThatThrownBy(() -> mirrorIn(changed, replanned("plan b", 8, 1), tensors))
        .isInstanceOf(MirrorException.Tampered.class);
  }

  @Test
  void a_mirror_of_this_plan_is_no_other_ones() {
    try (ModelMirror mirror =
        ModelMirror.open(
            SimulatedMemory.of(poolAfter(1), Granularity.LINE),
            replanned("plan a", 8, 1),
            tensors)) {
      assertThat(mirror.otherPlan()).isEmpty();
    }
    try (ModelMirror none =
        ModelMirror.create(memory(), Protocol.PING_PONG, replanned("plan a", 8, 1), tensors)) {
      assertThat(none.otherPlan()).isEmpty();
    }
  }

  @Test
  void another_key_or_job_is_told_from_tampering() {
    byte[] image = poolAfter(1);
    String cfg = terms().canonicalCfg();

    assertThatThrownBy(
            () -> mirrorIn(image, terms(cfg, 1, "plan a", new Id128(8, 8), JOB), tensors))
        .isInstanceOf(MirrorException.WrongKey.class)
        .hasMessageContaining(KEY_ID.toString());
    assertThatThrownBy(
            () -> mirrorIn(image, terms(cfg, 1, "plan a", KEY_ID, new Id128(8, 8)), tensors))
        .isInstanceOf(MirrorException.WrongKey.class)
        .hasMessageContaining(JOB.toString());
  }

  @Test
  void mirrors_in_large_records_come_back_too() {
    float[] large = new float[3 * 65_536 + 5];
    for (int i = 0; i < large.length; i++) {
      large[i] = i * 0.5f;
    }
    List<MirroredTensor> wide =
        List.of(new MirroredTensor("w", new int[] {large.length}, large, 0, large.length));
    SimulatedMemory memory =
        new SimulatedMemory(
            Math.toIntExact(ModelMirror.poolBytes(wide) + PAGE - 1) / PAGE * PAGE,
            Granularity.LINE);
    try (ModelMirror mirror = ModelMirror.create(memory, Protocol.PING_PONG, terms(), wide)) {
      assertThatCode(() -> mirror.mirrorOut(progress(1))).doesNotThrowAnyException();
    }
    float[] back = new float[large.length];

    mirrorIn(
        memory.visible(),
        terms(),
        List.of(new MirroredTensor("w", new int[] {back.length}, back, 0, back.length)));

    assertThat(back).containsExactly(large);
    assertThat(Pool.open(memory).info().extentCount()).isEqualTo(2);
  }

  private static int count(byte[] image, byte[] wanted) {
    int count = 0;
    for (int at = 0; at + wanted.length <= image.length; at++) {
      if (Arrays.equals(image, at, at + wanted.length, wanted, 0, wanted.length)) {
        count++;
      }
    }
    return count;
  }
}
