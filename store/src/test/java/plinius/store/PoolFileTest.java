package plinius.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.PmemException;
import plinius.pmem.WriteBack;
import plinius.romulus.Extent;
import plinius.romulus.Pool;
import plinius.romulus.PoolException;
import plinius.romulus.PoolSizing;
import plinius.romulus.Protocol;

/** Making, opening, moving and enlarging pools in files, and everything that is no pool. */
class PoolFileTest {
  private static final long BYTES = 1 << 20;
  private static final long SEED = Long.parseLong("0" + System.getProperty("test.seed", "1"));

  @TempDir Path folder;

  private static PoolFile.Options writing() {
    return PoolFile.Options.writing();
  }

  private static void fill(Pool pool, long value) {
    pool.update(
        tx -> {
          long ref = tx.root("x");
          if (ref == 0) {
            ref = tx.alloc(16);
            tx.setRoot("x", ref);
          }
          tx.setLong(ref, value);
          return null;
        });
  }

  private static long value(Pool pool) {
    return pool.read(tx -> tx.getLong(tx.root("x")));
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void a_pool_is_made_closed_copied_moved_and_opened_again(Protocol protocol) throws IOException {
    Path path = folder.resolve("a.pm");
    try (PoolFile file = PoolFile.create(path, BYTES, protocol, writing())) {
      fill(file.pool(), 7);
    }
    Path other = Files.createDirectory(folder.resolve("elsewhere")).resolve("b.pm");
    Files.copy(path, other);
    Files.move(path, folder.resolve("c.pm"));
    for (Path each : List.of(other, folder.resolve("c.pm"))) {
      try (PoolFile file = PoolFile.open(each, writing())) {
        assertThat(value(file.pool())).isEqualTo(7);
        assertThat(file.pool().info().protocol()).isEqualTo(protocol);
        fill(file.pool(), 8);
        assertThat(value(file.pool())).isEqualTo(8);
      }
    }
    assertThat(path).doesNotExist();
  }

  @Test
  void a_medium_that_does_not_keep_what_is_required_is_refused() throws IOException {
    Path tmpfs = Path.of("/dev/shm");
    assumeTrue(Files.isWritable(tmpfs) && Files.getFileStore(tmpfs).type().equals("tmpfs"));
    Path there = Files.createTempDirectory(tmpfs, "plinius-store-");
    try {
      assertThatThrownBy(
              () ->
                  PoolFile.create(
                      there.resolve("a.pm"),
                      BYTES,
                      Protocol.PING_PONG,
                      writing().require(Survives.POWER_LOSS)))
          .isInstanceOf(PmemException.Unsupported.class)
          .hasMessageContaining("TMPFS")
          .hasMessageContaining("POWER_LOSS");
      assertThat(there).isEmptyDirectory();
      PoolFile.create(there.resolve("a.pm"), BYTES, Protocol.PING_PONG, writing()).close();
      assertThatThrownBy(
              () -> PoolFile.open(there.resolve("a.pm"), writing().require(Survives.POWER_LOSS)))
          .isInstanceOf(PmemException.Unsupported.class);
    } finally {
      Files.deleteIfExists(there.resolve("a.pm"));
      Files.deleteIfExists(there.resolve("lock"));
      Files.delete(there);
    }
  }

  @Test
  void what_cannot_be_made_leaves_nothing_behind() throws IOException {
    Path there = Files.writeString(folder.resolve("there.pm"), "mine");
    assertThatThrownBy(() -> PoolFile.create(there, BYTES, Protocol.PING_PONG, writing()))
        .isInstanceOf(PmemException.CannotMap.class)
        .hasMessageContaining("exists");
    assertThat(there).hasContent("mine");
    for (long absurd : new long[] {0, -1, 4096, BYTES - 1, 1L << 47, Long.MAX_VALUE}) {
      assertThatThrownBy(
              () -> PoolFile.create(folder.resolve("a.pm"), absurd, Protocol.PING_PONG, writing()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(Long.toString(absurd));
    }
    assertThatThrownBy(
            () -> PoolFile.create(folder.resolve("a.pm"), 1L << 45, Protocol.PING_PONG, writing()))
        .isInstanceOf(PmemException.CannotMap.class)
        .hasMessageContaining("free");
    assertThatThrownBy(
            () -> PoolFile.create(folder.resolve("no/a.pm"), BYTES, Protocol.PING_PONG, writing()))
        .isInstanceOf(PmemException.CannotMap.class);
    assertThat(files()).containsExactly(there);
  }

  @Test
  void a_pool_belongs_to_one_writer_or_to_readers() {
    Path path = folder.resolve("a.pm");
    try (PoolFile writer = PoolFile.create(path, BYTES, Protocol.PING_PONG, writing())) {
      assertThat(writer.toString()).isEqualTo(path.toString());
      assertThatThrownBy(() -> PoolFile.open(path, writing())).isInstanceOf(PoolFile.InUse.class);
      assertThatThrownBy(() -> PoolFile.open(path, PoolFile.Options.reading()))
          .isInstanceOf(PoolFile.InUse.class)
          .hasMessageContaining("in use");
    }
    PoolFile.open(path, writing()).close();
  }

  /** As another process sees it: 0 if it could lock the folder. */
  private int lockedByAnotherProcess() throws IOException, InterruptedException {
    Path probe =
        Files.writeString(
            folder.resolve("Probe.java"),
            """
            import java.nio.channels.FileChannel;
            import java.nio.file.*;
            void main(String[] args) throws Exception {
              try (var file = FileChannel.open(Path.of(args[0]), StandardOpenOption.WRITE)) {
                System.exit(file.tryLock(0, 2, false) == null ? 7 : 0);
              }
            }
            """);
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Process process =
        new ProcessBuilder(java.toString(), probe.toString(), folder.resolve("lock").toString())
            .inheritIO()
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }

  @Test
  void a_pool_is_locked_until_its_last_user_closes_it() throws Exception {
    Path path = folder.resolve("a.pm");
    PoolFile.create(path, BYTES, Protocol.PING_PONG, writing()).close();
    try (PoolFile first = PoolFile.open(path, PoolFile.Options.reading())) {
      PoolFile second = PoolFile.open(path, PoolFile.Options.reading());
      assertThatThrownBy(() -> PoolFile.open(path, writing())).isInstanceOf(PoolFile.InUse.class);
      second.close();
      second.close();
      assertThatThrownBy(() -> PoolFile.open(path, writing())).isInstanceOf(PoolFile.InUse.class);
      assertThat(first.pool().info().sequence()).isZero();
      assertThat(lockedByAnotherProcess()).isEqualTo(7);
    }
    assertThat(lockedByAnotherProcess()).isZero();
    PoolFile.open(path, writing()).close();
  }

  @Test
  void who_must_not_write_to_the_lock_does_not_read_beside_a_writer() throws IOException {
    Path path = folder.resolve("a.pm");
    try (PoolFile writer = PoolFile.create(path, BYTES, Protocol.PING_PONG, writing())) {
      Files.setPosixFilePermissions(
          folder.resolve("lock"), PosixFilePermissions.fromString("r--r--r--"));
      assertThatThrownBy(() -> PoolFile.open(path, PoolFile.Options.reading()))
          .isInstanceOf(PoolFile.InUse.class);
      assertThat(writer.pool().info().sequence()).isZero();
    }
    PoolFile.open(path, PoolFile.Options.reading()).close();
  }

  @Test
  void a_reader_makes_no_lock_and_whoever_fails_removes_none() throws IOException {
    Path path = folder.resolve("a.pm");
    PoolFile.create(path, BYTES, Protocol.PING_PONG, writing()).close();
    Path lock = folder.resolve("lock");
    Files.delete(lock);
    PoolFile.open(path, PoolFile.Options.reading()).close();
    assertThat(lock).doesNotExist();
    Path bad = Files.write(folder.resolve("bad.pm"), new byte[(int) BYTES]);
    assertThatThrownBy(() -> PoolFile.open(bad, writing())).isInstanceOf(PoolException.class);
    assertThat(lock).doesNotExist();
    PoolFile.open(path, writing()).close();
    assertThat(lock).exists();
    assertThatThrownBy(() -> PoolFile.open(bad, writing())).isInstanceOf(PoolException.class);
    assertThat(lock).exists();
  }

  @Test
  void of_two_who_make_the_same_pool_one_does() throws Exception {
    for (int round = 0; round < 20; round++) {
      Path path = folder.resolve(round + ".pm");
      AtomicInteger made = new AtomicInteger();
      Runnable maker =
          () -> {
            for (int tries = 0; tries < 3; tries++) {
              try {
                PoolFile.create(path, BYTES, Protocol.PING_PONG, writing()).close();
                made.incrementAndGet();
              } catch (PoolFile.InUse | PmemException.CannotMap late) {
                Thread.onSpinWait();
              }
            }
          };
      Thread other = Thread.ofPlatform().start(maker);
      maker.run();
      other.join();
      assertThat(made).hasValue(1);
    }
  }

  @Test
  void whatever_is_no_sound_pool_is_refused_by_name_and_left_as_it_was() throws IOException {
    Path good = folder.resolve("good.pm");
    PoolFile.create(good, BYTES, Protocol.PING_PONG, writing()).close();
    byte[] image = Files.readAllBytes(good);
    List<byte[]> bad = new ArrayList<>();
    bad.add(new byte[0]);
    bad.add(new byte[(int) BYTES]);
    bad.add(new byte[100]);
    byte[] random = new byte[(int) BYTES];
    new Random(SEED).nextBytes(random);
    bad.add(random);
    bad.add(java.util.Arrays.copyOf(image, image.length - 4096)); // truncated
    bad.add(java.util.Arrays.copyOf(image, 5000));
    byte[] bigEndian = image.clone();
    for (int i = 0; i < 4; i++) {
      byte swapped = bigEndian[i];
      bigEndian[i] = bigEndian[7 - i];
      bigEndian[7 - i] = swapped;
    }
    bad.add(bigEndian);
    byte[] version = image.clone();
    version[8] = 9;
    bad.add(version); // and with it the checksum
    Path path = folder.resolve("bad.pm");
    for (byte[] bytes : bad) {
      Files.write(path, bytes);
      for (PoolFile.Options how : List.of(writing(), PoolFile.Options.reading())) {
        assertThatThrownBy(() -> PoolFile.open(path, how))
            .isInstanceOfAny(PoolException.class, PmemException.class);
      }
      assertThat(Files.readAllBytes(path)).isEqualTo(bytes);
    }
    assertThatThrownBy(() -> PoolFile.open(folder, writing()))
        .isInstanceOf(PmemException.CannotMap.class)
        .hasMessageContaining("not a file");
    assertThatThrownBy(() -> PoolFile.open(folder.resolve("missing.pm"), writing()))
        .isInstanceOf(PmemException.CannotMap.class)
        .hasMessageContaining("does not exist");
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void a_pool_grows_while_it_is_open_and_read(Protocol protocol) {
    Path path = folder.resolve("a.pm");
    Extent large;
    try (PoolFile file = PoolFile.create(path, BYTES, protocol, writing().growing())) {
      Pool pool = file.pool();
      fill(pool, 1);
      Extent small =
          pool.update(
              tx -> {
                Extent extent = tx.allocExtent(100);
                tx.writeExtent(extent, 0, new byte[] {1, 2, 3}, 0, 3);
                return extent;
              });
      long before = pool.info().poolBytes();
      assertThatThrownBy(() -> pool.update(tx -> tx.allocExtent(3 << 20)))
          .isInstanceOf(PoolException.Full.class)
          .hasMessageContaining("grow");
      pool.grow(4 << 20);
      assertThat(pool.info().poolBytes()).isEqualTo(before + (4 << 20));
      large =
          pool.update(
              tx -> {
                Extent extent = tx.allocExtent(3 << 20);
                tx.writeExtent(extent, (3 << 20) - 3, new byte[] {7, 8, 9}, 0, 3);
                return extent;
              });
      byte[] found = new byte[3];
      pool.read(
          tx -> {
            tx.readExtent(small, 0, found, 0, 3);
            return null;
          });
      assertThat(found).containsExactly(1, 2, 3);
      assertThatThrownBy(() -> pool.grow(0)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> pool.update(_ -> grown(pool)))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> pool.read(_ -> grown(pool)))
          .isInstanceOf(IllegalStateException.class);
    }
    try (PoolFile file = PoolFile.open(path, writing())) {
      byte[] found = new byte[3];
      file.pool()
          .read(
              tx -> {
                tx.readExtent(large, (3 << 20) - 3, found, 0, 3);
                return null;
              });
      assertThat(found).containsExactly(7, 8, 9);
      assertThat(value(file.pool())).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void an_interrupt_does_not_stop_growing_and_is_kept_for_who_asks(Protocol protocol)
      throws IOException {
    Path path = folder.resolve("a.pm");
    try (PoolFile file = PoolFile.create(path, BYTES, protocol, writing().growing())) {
      fill(file.pool(), 1);
      Thread.currentThread().interrupt();
      file.pool().grow(1 << 20);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(file.pool().info().poolBytes()).isEqualTo(BYTES + (1 << 20));
      fill(file.pool(), 2);
      assertThat(value(file.pool())).isEqualTo(2);
    }
    assertThat(Files.size(path)).isEqualTo(BYTES + (1 << 20));
  }

  @Test
  void a_file_that_has_gone_or_shrunk_is_not_grown_and_not_made_anew() throws IOException {
    Path path = folder.resolve("a.pm");
    try (PoolFile file = PoolFile.create(path, BYTES, Protocol.PING_PONG, writing().growing())) {
      Path aside = Files.move(path, folder.resolve("aside.pm"));
      assertThatThrownBy(() -> file.pool().grow(1 << 20))
          .isInstanceOf(PmemException.CannotGrow.class);
      assertThat(path).doesNotExist();
      Files.write(path, new byte[4096]);
      assertThatThrownBy(() -> file.pool().grow(1 << 20))
          .isInstanceOf(PmemException.CannotGrow.class)
          .hasMessageContaining("shorter");
      assertThat(Files.size(path)).isEqualTo(4096);
      assertThat(Files.size(aside)).isEqualTo(BYTES);
      fill(file.pool(), 1);
      assertThat(value(file.pool())).isEqualTo(1);
    }
  }

  @Test
  void closing_inside_a_read_or_an_update_is_refused_and_leaves_the_folder_locked() {
    Path path = folder.resolve("a.pm");
    try (PoolFile file = PoolFile.create(path, BYTES, Protocol.PING_PONG, writing())) {
      fill(file.pool(), 1);
      Pool pool = file.pool();
      assertThatThrownBy(() -> pool.read(_ -> closed(file)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("end the read first");
      assertThatThrownBy(() -> pool.update(_ -> closed(file)))
          .isInstanceOf(IllegalStateException.class);
      assertThat(value(pool)).isEqualTo(1);
      assertThatThrownBy(() -> PoolFile.open(path, writing())).isInstanceOf(PoolFile.InUse.class);
    }
    PoolFile.open(path, writing()).close();
  }

  private static Void closed(PoolFile file) {
    file.close();
    return null;
  }

  @Test
  void however_large_a_pool_its_twins_are_no_larger_than_a_twin_may_be() {
    long max = PoolSizing.TWIN_BYTES_MAX;
    assertThat(PoolFile.twinBytes(1L << 40, max)).isEqualTo(max);
    assertThat(PoolFile.twinBytes(1L << 46, 0)).isLessThan(max);
    assertThat(PoolFile.twinBytes(1 << 20, 1 << 18)).isLessThan(1 << 19).isGreaterThan(1 << 18);
    assertThatThrownBy(
            () ->
                PoolFile.create(
                    folder.resolve("a.pm"), 1L << 40, max + 1, Protocol.PING_PONG, writing()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2^35");
    assertThatThrownBy(
            () -> PoolFile.create(folder.resolve("a.pm"), 1L << 40, Protocol.PING_PONG, writing()))
        .isInstanceOf(PmemException.CannotMap.class) // for want of room, not of sense
        .hasMessageContaining("free");
  }

  private static Void grown(Pool pool) {
    pool.grow(4096);
    return null;
  }

  @Test
  void a_pool_that_cannot_grow_stays_as_it_was_and_in_use() {
    Path path = folder.resolve("a.pm");
    try (PoolFile file = PoolFile.create(path, BYTES, Protocol.PING_PONG, writing().growing())) {
      fill(file.pool(), 3);
      // The map of so many pages has no room in the twins.
      assertThatThrownBy(() -> mapWithoutRoom(file.pool())).isInstanceOf(PoolException.Full.class);
      fill(file.pool(), 4);
      assertThat(value(file.pool())).isEqualTo(4);
    }
  }

  private static void mapWithoutRoom(Pool pool) {
    pool.update(tx -> tx.alloc((pool.info().heapFreeBytes() - 16) / 8 * 5));
    while (true) {
      pool.grow(8 << 20);
    }
  }

  @Test
  void a_truncated_area_is_noticed_even_where_the_header_fits() throws IOException {
    Path path = folder.resolve("a.pm");
    try (PoolFile file = PoolFile.create(path, BYTES, Protocol.PING_PONG, writing().growing())) {
      file.pool().grow(1 << 20);
    }
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(BYTES + 4096);
    }
    assertThatThrownBy(() -> PoolFile.open(path, writing()))
        .isInstanceOf(PoolException.Corrupt.class)
        .hasMessageContaining("area");
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void the_description_of_the_format_finds_what_the_code_wrote(Protocol protocol) {
    Path path = folder.resolve("a.pm");
    try (PoolFile file = PoolFile.create(path, BYTES, protocol, writing())) {
      Pool pool = file.pool();
      fill(pool, 5);
      Extent extent = pool.update(tx -> tx.allocExtent(10_000));
      long gone = pool.update(tx -> tx.alloc(1000));
      pool.update(
          tx -> {
            tx.free(gone);
            return null;
          });
      PoolStructure found = PoolStructure.read(file.memory());
      assertThat(found.roots()).hasSize(1);
      assertThat(found.roots().getFirst().name()).isEqualTo("x");
      assertThat(found.extents()).containsExactly(new PoolStructure.Run(extent.offset(), 12_288));
      assertThat(found.freeBlocks()).containsOnlyKeys(1024L);
      assertThat(found.usedBlocks().values().stream().mapToLong(Long::longValue).sum())
          .isEqualTo(2); // the value and the map
      assertThat(found.recovery().copiedBytes()).isBetween(4096L, BYTES);
      assertThat(found.recovery().differingLines()).isPositive();
      pool.update(_ -> null); // pays what the last commit owed
      if (protocol == Protocol.PING_PONG) {
        assertThat(PoolStructure.read(file.memory()).recovery().differingLines()).isZero();
      }
      assertThat(found.state()).contains("4 commits");
    }
    try (PersistentMemory memory = MappedMemory.open(path, Access.READ_ONLY, WriteBack.AUTO)) {
      assertThat(PoolStructure.read(memory).info().sequence()).isEqualTo(4);
    }
  }
}
