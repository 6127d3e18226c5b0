package plinius.owner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.dataset.ByteSource;
import plinius.dataset.DataLayout;
import plinius.dataset.DataSetException;
import plinius.dataset.DataSetInfo;
import plinius.dataset.Label;
import plinius.dataset.SampleKind;
import plinius.dataset.SealedDataSet;
import plinius.seal.Id128;
import plinius.seal.KeyDerivation;
import plinius.seal.RecordSealer;
import plinius.seal.SecretBytes;
import plinius.testkit.Seeded;

class SealedDataSetTest {
  private static final SampleKind KIND = new SampleKind(2, 3, 2, 7);
  private static final int COUNT = 5;

  @TempDir Path folder;
  private final Seeded seeded = Seeded.fresh();
  private OwnerKey owner;
  private List<Sample> samples;
  private Path file;
  private DataSetInfo info;
  private byte[] good;

  @BeforeEach
  void seal() throws IOException {
    owner = OwnerKey.generate();
    samples = samples(COUNT);
    file = folder.resolve("train.sealed");
    info = write(file, samples);
    good = Files.readAllBytes(file);
  }

  @AfterEach
  void close() {
    owner.close();
  }

  private List<Sample> samples(int count) {
    List<Sample> made = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      made.add(new Sample(seeded.bytes(KIND.valueBytes()), seeded.random().nextInt(7)));
    }
    return made;
  }

  private DataSetInfo write(Path out, List<Sample> from) {
    return SealedDataSetWriter.write(out, owner, new SamplesInMemory(KIND, from), _ -> {});
  }

  @Test
  void what_was_sealed_is_read_back() {
    try (ByteSource source = SealedFile.open(file);
        SealedDataSet set = open(source, owner, info)) {
      assertThat(set.info()).isEqualTo(info);
      byte[] pixels = new byte[KIND.valueBytes()];
      for (int index : new int[] {0, 4, 2, 2, 1, 3}) {
        assertThat(set.read(index, pixels)).isEqualTo(samples.get(index).label());
        assertThat(pixels).isEqualTo(samples.get(index).values());
      }
    }
  }

  @Test
  void sizes_are_as_documented() {
    assertThat(info.recordBytes()).isEqualTo(16 + 4 + 12 + 16);
    assertThat(info.fileBytes()).isEqualTo(256 + COUNT * 48L).isEqualTo(good.length);
    assertThat(new String(good, 0, 8, StandardCharsets.US_ASCII)).isEqualTo("PLNDATA1");
    assertThat(Id128.of(good, 16)).isEqualTo(info.id());
    assertThat(Id128.of(good, 32)).isEqualTo(owner.id()).isEqualTo(info.ownerKeyId());
    ByteBuffer header = ByteBuffer.wrap(good);
    assertThat(header.getLong(48 + 16)).isEqualTo(COUNT);
    assertThat(header.getInt(80)).isEqualTo(2);
    assertThat(header.getInt(92)).isEqualTo(7);
    assertThat(header.getLong(256 + 3 * 48)).isEqualTo(3);
  }

  /** Everything by hand from the document, so that reader and writer cannot err together. */
  @Test
  void a_record_opens_by_the_document_alone() {
    byte[] aad =
        ByteBuffer.allocate(40)
            .put("PLNREC01".getBytes(StandardCharsets.US_ASCII))
            .put(info.id().bytes())
            .putLong(2)
            .putLong(COUNT)
            .array();
    byte[] expected =
        ByteBuffer.allocate(16)
            .putInt(((Label.Category) samples.get(2).label()).number())
            .put(samples.get(2).values())
            .array();
    try (SecretBytes key = owner.recordKey(info.id());
        RecordSealer sealer = new RecordSealer(key)) {
      byte[] sealed = new byte[32];
      sealer.seal(2, expected, 0, 16, aad, sealed, 0);
      assertThat(Arrays.copyOfRange(good, 256 + 2 * 48 + 16, 256 + 3 * 48)).isEqualTo(sealed);
    }
  }

  @Test
  void the_plain_header_is_read_without_a_key() {
    assertThat(SealedFile.info(file)).isEqualTo(info);
    assertThat(DataSetInfo.readPlain("set", new BytesInMemory(good))).isEqualTo(info);
  }

  @Test
  void two_sealings_share_neither_id_nor_ciphertext() {
    DataSetInfo other = write(folder.resolve("other.sealed"), samples);
    assertThat(other.id()).isNotEqualTo(info.id());
  }

  @Test
  void every_flipped_bit_anywhere_is_noticed_in_its_place() {
    for (int bit = 0; bit < 8 * good.length; bit++) {
      byte[] bad = good.clone();
      bad[bit / 8] ^= (byte) (1 << bit % 8);
      int record = (bit / 8 - 256) / 48;
      var thrown =
          assertThatThrownBy(() -> readAll(bad))
              .as("bit %s, %s", bit, seeded)
              .isInstanceOf(DataSetException.class)
              .hasMessageContaining("train.sealed");
      if (bit / 8 >= 256) {
        thrown
            .isInstanceOf(DataSetException.Tampered.class)
            .hasMessageContaining("record " + record + ":")
            .hasMessageContaining("altered");
      } else if (bit / 8 >= 8) {
        thrown.isInstanceOf(DataSetException.Tampered.class);
      } else {
        thrown.isInstanceOf(DataSetException.NotADataSet.class);
      }
    }
  }

  @Test
  void a_header_with_a_new_checksum_is_still_refused_at_every_bit() {
    for (int bit = 64; bit < 8 * 124; bit++) {
      byte[] bad = good.clone();
      bad[bit / 8] ^= (byte) (1 << bit % 8);
      fixChecksum(bad);
      assertThatThrownBy(() -> readAll(bad)).as("bit %s", bit).isInstanceOf(DataSetException.class);
    }
  }

  private static void fixChecksum(byte[] bad) {
    CRC32C crc = new CRC32C();
    crc.update(bad, 0, 124);
    ByteBuffer.wrap(bad).putInt(124, (int) crc.getValue());
  }

  @Test
  void exchanged_records_are_named() {
    byte[] bad = good.clone();
    System.arraycopy(good, at(1), bad, at(3), 48);
    System.arraycopy(good, at(3), bad, at(1), 48);
    assertTampered(bad, "record 1: record 3 stands in its place");
  }

  @Test
  void exchanged_records_with_forged_indexes_are_refused() {
    byte[] bad = good.clone();
    System.arraycopy(good, at(1) + 8, bad, at(3) + 8, 40);
    System.arraycopy(good, at(3) + 8, bad, at(1) + 8, 40);
    assertTampered(bad, "record 1: not authentic");
  }

  @Test
  void a_record_of_another_set_is_named() throws IOException {
    Path other = folder.resolve("other.sealed");
    write(other, samples);
    byte[] bad = good.clone();
    System.arraycopy(Files.readAllBytes(other), at(2), bad, at(2), 48);
    assertTampered(bad, "record 2: it belongs to another data set");
  }

  @Test
  void a_manifest_of_another_set_is_refused() throws IOException {
    Path other = folder.resolve("other.sealed");
    write(other, samples);
    byte[] bad = good.clone();
    System.arraycopy(Files.readAllBytes(other), 128, bad, 128, 128);
    assertTampered(bad, "header or its manifest was altered");
  }

  @Test
  void a_shorter_and_a_longer_file_are_refused() {
    assertTampered(Arrays.copyOf(good, good.length - 48), "truncated");
    assertTampered(Arrays.copyOf(good, good.length + 1), "extended");
  }

  @Test
  void a_smaller_count_with_all_plain_sizes_in_accord_is_refused() {
    byte[] bad = Arrays.copyOf(good, good.length - 48);
    ByteBuffer.wrap(bad).putLong(64, COUNT - 1).putLong(96, bad.length);
    fixChecksum(bad);
    assertTampered(bad, "header or its manifest was altered");
  }

  private void assertTampered(byte[] bad, String reason) {
    assertThatThrownBy(() -> readAll(bad))
        .isInstanceOf(DataSetException.Tampered.class)
        .hasMessageContaining("train.sealed")
        .hasMessageContaining(reason);
  }

  @Test
  void a_wrong_key_is_told_from_damage_and_names_the_right_one() {
    try (OwnerKey other = OwnerKey.generate()) {
      assertThatThrownBy(() -> open(new BytesInMemory(good), other, info))
          .isInstanceOf(DataSetException.WrongKey.class)
          .hasMessageContaining("train.sealed")
          .hasMessageContaining(owner.id().toString());
    }
  }

  @Test
  void a_wrong_record_key_opens_no_record() {
    try (SecretBytes wrong = SecretBytes.random(32);
        SecretBytes manifestKey = owner.manifestKey(info.id());
        SealedDataSet set =
            SealedDataSet.open("train.sealed", new BytesInMemory(good), wrong, manifestKey)) {
      assertThatThrownBy(() -> set.read(0, new byte[12]))
          .isInstanceOf(DataSetException.Tampered.class);
    }
  }

  @Test
  void a_manifest_that_contradicts_its_header_is_refused_though_its_tag_fits() {
    DataSetInfo other =
        new DataSetInfo(
            info.id(), info.ownerKeyId(), info.manifestKeyId(), new SampleKind(2, 3, 2, 6), COUNT);
    byte[] bad = good.clone();
    byte[] header = Arrays.copyOf(good, 128);
    byte[] manifest = DataLayout.manifest(other);
    try (SecretBytes key = owner.manifestKey(info.id());
        RecordSealer sealer = new RecordSealer(key)) {
      sealer.seal(0, manifest, 0, manifest.length, header, bad, 128);
    }
    assertTampered(bad, "contradicts");
  }

  @Test
  void what_is_no_data_set_is_said() throws IOException {
    Path text = Files.writeString(folder.resolve("notes.txt"), "hello ".repeat(100));
    Path empty = Files.createFile(folder.resolve("empty"));
    for (Path bad : List.of(text, empty, folder)) {
      assertThatThrownBy(() -> SealedFile.info(bad))
          .isInstanceOf(DataSetException.NotADataSet.class)
          .hasMessageContaining(bad.toString());
    }
    assertThatThrownBy(() -> SealedFile.info(folder.resolve("none")))
        .isInstanceOf(UnusableFile.class);
  }

  @Test
  void another_version_is_said() {
    byte[] bad = good.clone();
    bad[11] = 1;
    fixChecksum(bad);
    assertThatThrownBy(() -> DataSetInfo.readPlain("set", new BytesInMemory(bad)))
        .isInstanceOf(DataSetException.NotADataSet.class)
        .hasMessageContaining("version is 1");
  }

  @Test
  void no_garbage_crashes_the_header_parser() {
    for (int i = 0; i < 20_000; i++) {
      byte[] bad = Arrays.copyOf(good, seeded.random().nextInt(300));
      for (int change = seeded.random().nextInt(5); change >= 0 && bad.length > 8; change--) {
        bad[8 + seeded.random().nextInt(bad.length - 8)] = (byte) seeded.random().nextInt();
      }
      if (bad.length >= 128) {
        fixChecksum(bad);
      }
      assertThatThrownBy(() -> DataSetInfo.readPlain("set", new BytesInMemory(bad)))
          .as("%s", seeded)
          .isInstanceOf(DataSetException.class);
    }
  }

  @Test
  void an_index_beyond_the_set_is_refused() {
    try (SealedDataSet set = open(new BytesInMemory(good), owner, info)) {
      for (long index : new long[] {-1, COUNT, Long.MAX_VALUE, Long.MIN_VALUE}) {
        assertThatThrownBy(() -> set.read(index, new byte[12]))
            .isInstanceOf(IndexOutOfBoundsException.class);
      }
    }
  }

  @Test
  void no_run_of_plain_pixels_stands_in_the_file() throws IOException {
    byte[] pixels = seeded.bytes(KIND.valueBytes());
    Path out = folder.resolve("plain.sealed");
    write(out, List.of(new Sample(pixels, 1)));
    assertThat(indexOf(Files.readAllBytes(out), pixels)).isNegative();
    assertThat(indexOf(concat(good, pixels), pixels)).isEqualTo(good.length);
  }

  private static byte[] concat(byte[] a, byte[] b) {
    byte[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  private static int indexOf(byte[] where, byte[] what) {
    for (int i = 0; i + what.length <= where.length; i++) {
      if (Arrays.equals(where, i, i + what.length, what, 0, what.length)) {
        return i;
      }
    }
    return -1;
  }

  @Test
  void a_failed_sealing_leaves_the_old_file_and_nothing_else() throws IOException {
    assertFailedWrite(new SamplesInMemory(KIND, samples, COUNT + 1), "ends after 5");
    assertFailedWrite(new SamplesInMemory(KIND, samples, COUNT - 1), "goes on after");
    assertFailedWrite(new SamplesInMemory(KIND, List.of()), "1 to");
    assertFailedWrite(
        new SamplesInMemory(KIND, List.of(new Sample(new byte[11], 0))), "sample 0 has 11 bytes");
    assertFailedWrite(new SamplesInMemory(KIND, List.of(new Sample(new byte[12], 7))), "label 7");
  }

  private void assertFailedWrite(SampleSource source, String reason) throws IOException {
    assertThatThrownBy(() -> SealedDataSetWriter.write(file, owner, source, _ -> {}))
        .isInstanceOf(DataSetException.BadInput.class)
        .hasMessageContaining(reason);
    assertThat(Files.readAllBytes(file)).isEqualTo(good);
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void a_missing_folder_is_said() {
    assertThatThrownBy(() -> write(folder.resolve("no/train.sealed"), samples))
        .isInstanceOf(UnusableFile.class)
        .hasMessageContaining("no/train.sealed");
  }

  @Test
  void progress_is_told_to_the_end_across_many_buffers() throws IOException {
    SampleKind kind = new SampleKind(28, 28, 1, 10);
    List<Sample> many = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      many.add(new Sample(seeded.bytes(784), i % 10));
    }
    List<Long> told = new ArrayList<>();
    Path out = folder.resolve("many.sealed");

    DataSetInfo written =
        SealedDataSetWriter.write(out, owner, new SamplesInMemory(kind, many), told::add);

    assertThat(told).containsExactly(1024L, 2048L, 3000L);
    assertThat(Files.size(out)).isEqualTo(256 + 3000L * 820);
    byte[] pixels = new byte[784];
    try (ByteSource source = SealedFile.open(out);
        SealedDataSet set = open(source, owner, written)) {
      for (int i = 0; i < 3000; i++) {
        assertThat(set.read(i, pixels)).isEqualTo(new Label.Category(i % 10));
        assertThat(pixels).isEqualTo(many.get(i).values());
      }
    }
  }

  @Test
  void the_largest_sample_fits() {
    SampleKind kind = new SampleKind(1, SampleKind.VALUE_BYTES_MAX, 1, 2);
    byte[] pixels = seeded.bytes(kind.valueBytes());
    Path out = folder.resolve("large.sealed");
    DataSetInfo written =
        SealedDataSetWriter.write(
            out, owner, new SamplesInMemory(kind, List.of(new Sample(pixels, 1))), _ -> {});
    byte[] back = new byte[pixels.length];
    try (ByteSource source = SealedFile.open(out);
        SealedDataSet set = open(source, owner, written)) {
      assertThat(set.read(0, back)).isEqualTo(new Label.Category(1));
      assertThat(back).isEqualTo(pixels);
    }
    assertThatThrownBy(() -> new SampleKind(1, SampleKind.VALUE_BYTES_MAX + 1, 1, 2))
        .isInstanceOf(DataSetException.BadInput.class);
  }

  @Test
  void the_manifest_key_id_is_the_key_ids_rule() {
    try (SecretBytes key = owner.manifestKey(info.id())) {
      assertThat(KeyDerivation.keyId(key)).isEqualTo(info.manifestKeyId());
    }
  }

  private void readAll(byte[] bytes) {
    Consumer<SealedDataSet> all =
        set -> {
          for (int i = 0; i < set.info().records(); i++) {
            set.read(i, new byte[set.info().kind().valueBytes()]);
          }
        };
    try (SealedDataSet set = open(new BytesInMemory(bytes), owner, info)) {
      all.accept(set);
    }
  }

  private static SealedDataSet open(ByteSource source, OwnerKey owner, DataSetInfo info) {
    try (SecretBytes recordKey = owner.recordKey(info.id());
        SecretBytes manifestKey = owner.manifestKey(info.id())) {
      return SealedDataSet.open("train.sealed", source, recordKey, manifestKey);
    }
  }

  private static int at(int record) {
    return 256 + 48 * record;
  }
}
