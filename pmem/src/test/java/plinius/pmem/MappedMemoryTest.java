package plinius.pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static plinius.pmem.WriteBack.AUTO;
import static plinius.pmem.WriteBack.CLFLUSH;
import static plinius.pmem.WriteBack.CLFLUSHOPT;
import static plinius.pmem.WriteBack.CLWB;
import static plinius.pmem.WriteBack.MSYNC;
import static plinius.pmem.WriteBack.UNSAFE;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MappedMemoryTest {
  private static final int BYTES = 64 << 10;
  private static final Path TMPFS = Path.of("/dev/shm");

  /** Long enough to be streamed past the caches. */
  private static final byte[] LONG = new byte[4096];

  @TempDir Path directory;

  private Path file(Path in) throws IOException {
    Path file = Files.createTempFile(in, "plinius", ".pm");
    Files.write(file, new byte[BYTES]);
    file.toFile().deleteOnExit();
    return file;
  }

  private static boolean isTmpfs(Path path) throws IOException {
    return Files.isWritable(path) && Files.getFileStore(path).type().equals("tmpfs");
  }

  /** An ordinary file and, where there is a tmpfs, one that is written back by instruction. */
  private List<Path> files() throws IOException {
    return isTmpfs(TMPFS) ? List.of(file(directory), file(TMPFS)) : List.of(file(directory));
  }

  /** What is stored by any write-back is what loads and another mapping of the file find. */
  private static void storesAndFinds(Path file, WriteBack writeBack) {
    byte[] bytes = new byte[20_000];
    new Random(1).nextBytes(bytes);
    try (PersistentMemory memory = MappedMemory.open(file, Access.READ_WRITE, writeBack)) {
      memory.setLong(8, 0x0102030405060708L);
      memory.setInt(16, 7);
      memory.pwb(8, 12);
      memory.write(101, bytes, 3, 500);
      memory.pwb(101, 500);
      // Not aligned at either end, and long enough to go past the caches.
      memory.stream(1003, bytes, 5, 19_000);
      memory.pfence();
      memory.copy(1003, 30_000, 19_000);
      memory.fill(60_000, 100, (byte) 9);
      memory.pwb(30_000, 30_100);
      memory.pfence();
      memory.handOver();
      memory.setLong(8, 0x0807060504030201L);
      memory.pwb(8, 8);
      // Lines of what was streamed, in another order, few of them and many.
      int[] lines = {11, 3, 4, 9, 8, 7, 6, 5, 2, 10, 1, 15, 14, 13, 12, 16, 0};
      memory.pwbLines(1024, 51_200, lines, 17);
      memory.copyLines(1024, 51_200, lines, 3);
      memory.copyLines(1024, 52_480, lines, 16);
      memory.copyLines(1024, 1024, lines, 0);
      memory.pwbLines(51_200, 0, lines, 0);
      memory.pwbLines(1024, BYTES, lines, 3); // what it may fetch is not there
      memory.pfence();
    }
    try (PersistentMemory memory = MappedMemory.open(file, Access.READ_ONLY, WriteBack.AUTO)) {
      assertThat(memory.bytes()).isEqualTo(BYTES);
      assertThat(memory.getLong(8)).isEqualTo(0x0807060504030201L);
      assertThat(memory.getInt(16)).isEqualTo(7);
      assertThat(read(memory, 8, 1)).containsExactly(1); // little-endian
      // Lines 11, 3 and 4.
      assertThat(read(memory, 51_200 + 704, 64)).isEqualTo(read(memory, 1024 + 704, 64));
      assertThat(read(memory, 51_200 + 192, 128)).isEqualTo(read(memory, 1024 + 192, 128));
      assertThat(read(memory, 51_200, 192)).containsOnly(0);
      // All but line 0, which was left out.
      assertThat(read(memory, 52_544, 1024)).isEqualTo(read(memory, 1088, 1024));
      assertThat(read(memory, 52_480, 64)).containsOnly(0);
      assertThat(read(memory, 53_568, 1)).containsExactly(0);
      assertThat(read(memory, 101, 500)).isEqualTo(Arrays.copyOfRange(bytes, 3, 503));
      assertThat(read(memory, 1003, 19_000)).isEqualTo(Arrays.copyOfRange(bytes, 5, 19_005));
      assertThat(read(memory, 30_000, 19_000)).isEqualTo(Arrays.copyOfRange(bytes, 5, 19_005));
      assertThat(read(memory, 1002, 1)).containsExactly(0);
      assertThat(read(memory, 20_003, 1)).containsExactly(0);
      assertThat(read(memory, 60_000, 101)).startsWith(9, 9).endsWith(9, 0);
    }
  }

  private static byte[] read(PersistentMemory memory, long offset, int length) {
    byte[] bytes = new byte[length];
    memory.read(offset, bytes, 0, length);
    return bytes;
  }

  @ParameterizedTest
  @EnumSource(WriteBack.class)
  void on_tmpfs_every_write_back_that_the_processor_has_keeps_what_was_stored(WriteBack writeBack)
      throws IOException {
    assumeTrue(isTmpfs(TMPFS));
    Path file = file(TMPFS);
    try (PersistentMemory memory = MappedMemory.open(file, Access.READ_WRITE, writeBack)) {
      assertThat(memory.medium().kind()).isEqualTo(Medium.Kind.TMPFS);
      assertThat(memory.medium().writeBack()).isNotEqualTo(WriteBack.AUTO);
      if (writeBack != WriteBack.AUTO) {
        assertThat(memory.medium().writeBack()).isEqualTo(writeBack);
      }
    } catch (PmemException.Unsupported lacking) {
      assumeTrue(false, lacking.getMessage());
    }
    storesAndFinds(file, writeBack);
    Files.delete(file);
  }

  private static WriteBack chosen(Medium.Kind kind, WriteBack wanted, WriteBack... there) {
    List<WriteBack> has = new ArrayList<>(List.of(there));
    has.add(WriteBack.MSYNC);
    return MappedMemory.choose(Path.of("a.pm"), kind, wanted, has::contains);
  }

  private static void assertUnsupported(
      String why, Medium.Kind kind, WriteBack wanted, WriteBack... there) {
    assertThatThrownBy(() -> chosen(kind, wanted, there))
        .as("%s on %s", wanted, kind)
        .isInstanceOf(PmemException.Unsupported.class)
        .hasMessageContaining(why);
  }

  @Test
  void the_write_back_follows_from_the_medium_and_what_there_is() {
    for (Medium.Kind kind : List.of(Medium.Kind.DAX, Medium.Kind.TMPFS, Medium.Kind.GRAMINE)) {
      assertThat(chosen(kind, AUTO, CLFLUSH, UNSAFE, CLWB, CLFLUSHOPT)).isEqualTo(CLWB);
      assertThat(chosen(kind, AUTO, UNSAFE, CLFLUSH, CLFLUSHOPT)).isEqualTo(CLFLUSHOPT);
      assertThat(chosen(kind, AUTO, UNSAFE, CLFLUSH)).isEqualTo(CLFLUSH);
      assertThat(chosen(kind, AUTO, UNSAFE)).isEqualTo(UNSAFE);
      assertThat(chosen(kind, CLFLUSH, CLWB, CLFLUSH)).isEqualTo(CLFLUSH);
      assertUnsupported("clwb is not to be had", kind, CLWB, CLFLUSH);
    }
    for (Medium.Kind kind : List.of(Medium.Kind.DAX, Medium.Kind.TMPFS)) {
      assertThat(chosen(kind, AUTO)).isEqualTo(MSYNC);
      assertThat(chosen(kind, MSYNC, CLWB)).isEqualTo(MSYNC);
    }
    assertThat(chosen(Medium.Kind.FILE, AUTO, CLWB)).isEqualTo(MSYNC);
    assertUnsupported("ordinary file", Medium.Kind.FILE, CLWB, CLWB);
  }

  @Test
  void under_gramine_msync_is_refused_because_it_does_nothing() {
    assertUnsupported("Gramine, whose msync does nothing", Medium.Kind.GRAMINE, MSYNC, CLWB);
    assertUnsupported("Gramine, whose msync does nothing", Medium.Kind.GRAMINE, AUTO);
    assertThat(Medium.Kind.values()).hasSize(5); // each has its line above, but the simulated one
  }

  @Test
  void machine_code_is_used_where_the_processor_is_x86() throws IOException {
    assumeTrue(System.getProperty("os.arch").equals("amd64") && isTmpfs(TMPFS));
    // Every x86-64 processor has it.
    assertThat(MachineCode.has(WriteBack.CLFLUSH)).isTrue();
  }

  @Test
  void an_ordinary_file_is_kept_by_msync_and_by_nothing_else() throws IOException {
    assumeTrue(!isTmpfs(directory));
    Path file = file(directory);
    storesAndFinds(file, WriteBack.AUTO);
    storesAndFinds(file, WriteBack.MSYNC);
    try (PersistentMemory memory = MappedMemory.open(file, Access.READ_WRITE, WriteBack.AUTO)) {
      assertThat(memory.medium().writeBack()).isEqualTo(WriteBack.MSYNC);
      assertThat(memory.medium().kind()).isEqualTo(Medium.Kind.FILE);
    }
    assertThatThrownBy(() -> MappedMemory.open(file, Access.READ_WRITE, WriteBack.CLWB))
        .isInstanceOf(PmemException.Unsupported.class)
        .hasMessageContaining("ordinary file")
        .hasMessageContaining("msync");
  }

  /** Bytes of several pages, by both ways, one over the other, seen by the mapping and the file. */
  @Test
  void what_is_streamed_to_an_ordinary_file_and_what_is_stored_are_one_content()
      throws IOException {
    Path file = file(directory);
    byte[] expected = new byte[BYTES];
    byte[] bytes = new byte[10_000];
    Random random = new Random(2);
    try (PersistentMemory memory = MappedMemory.open(file, Access.READ_WRITE, WriteBack.MSYNC)) {
      for (int step = 0; step < 200; step++) {
        random.nextBytes(bytes);
        int at = random.nextInt(100);
        int length = random.nextInt(bytes.length - at);
        int offset = random.nextInt(BYTES - length);
        if (random.nextBoolean()) {
          memory.stream(offset, bytes, at, length);
        } else {
          memory.write(offset, bytes, at, length);
          memory.pwb(offset, length);
        }
        System.arraycopy(bytes, at, expected, offset, length);
        assertThat(read(memory, 0, BYTES)).isEqualTo(expected);
        if (step % 10 == 0) {
          memory.pfence(); // from here on the pages are protected against writing
        }
      }
    }
    assertThat(Files.readAllBytes(file)).isEqualTo(expected);
  }

  @Test
  void an_interrupt_neither_stops_a_stream_nor_those_after_it() throws IOException {
    Path file = file(directory);
    byte[] bytes = new byte[BYTES];
    new Random(3).nextBytes(bytes);
    try (PersistentMemory memory = MappedMemory.open(file, Access.READ_WRITE, WriteBack.MSYNC)) {
      Thread.currentThread().interrupt();
      memory.stream(0, bytes, 0, 30_000);
      assertThat(Thread.interrupted()).as("the interrupt is kept for who asks").isTrue();
      memory.stream(30_000, bytes, 30_000, BYTES - 30_000);
      memory.pfence();
      assertThat(read(memory, 0, BYTES)).isEqualTo(bytes);
    }
    assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @EnumSource(
      value = WriteBack.class,
      names = {"AUTO", "MSYNC"})
  void nothing_is_streamed_after_the_end(WriteBack writeBack) throws IOException {
    for (Path file : files()) {
      PersistentMemory memory = MappedMemory.open(file, Access.READ_WRITE, writeBack);
      memory.close();
      memory.close();
      assertThatThrownBy(() -> memory.stream(0, new byte[] {1}, 0, 1))
          .isInstanceOf(IllegalStateException.class);
      assertThat(Files.readAllBytes(file)).containsOnly(0);
    }
  }

  @Test
  void a_read_only_mapping_changes_nothing() throws Exception {
    for (Path file : files()) {
      byte[] before = Files.readAllBytes(file);
      try (PersistentMemory memory = MappedMemory.open(file, Access.READ_ONLY, WriteBack.AUTO)) {
        assertThat(memory.readOnly()).isTrue();
        for (ThrowingCallable change :
            List.<ThrowingCallable>of(
                () -> memory.setLong(0, 1),
                () -> memory.setInt(0, 1),
                () -> memory.write(0, new byte[] {1}, 0, 1),
                () -> memory.stream(0, new byte[] {1}, 0, 1),
                () -> memory.stream(0, LONG, 0, LONG.length),
                () -> memory.copy(0, 64, 1),
                () -> memory.fill(0, 1, (byte) 1),
                () -> memory.copyLines(0, 64, new int[1], 1))) {
          assertThatThrownBy(change).as("%s", memory).isInstanceOf(PmemException.ReadOnly.class);
        }
      }
      assertThat(Files.readAllBytes(file)).isEqualTo(before);
    }
  }

  /** By instruction the machine code itself is what looks at the numbers of lines. */
  @Test
  void nothing_outside_is_touched() throws IOException {
    for (Path file : files()) {
      try (PersistentMemory memory = MappedMemory.open(file, Access.READ_WRITE, WriteBack.AUTO)) {
        List<ThrowingCallable> outside = new ArrayList<>();
        outside.add(() -> memory.getLong(BYTES));
        outside.add(() -> memory.setLong(-8, 1));
        outside.add(() -> memory.write(BYTES - 4095, LONG, 0, 4096));
        outside.add(() -> memory.stream(BYTES - 4095, LONG, 0, 4096));
        outside.add(() -> memory.stream(0, LONG, 1, LONG.length));
        outside.add(() -> memory.read(0, new byte[4096], 1, 4096));
        outside.add(() -> memory.pwb(BYTES - 1, 2));
        for (int[] lines : new int[][] {{BYTES / 64}, {-1}, {0, 1 << 30}, {Integer.MIN_VALUE}}) {
          outside.add(() -> memory.pwbLines(0, 0, lines, lines.length));
          outside.add(() -> memory.copyLines(0, 4096, lines, lines.length));
          outside.add(() -> memory.copyLines(4096, 0, lines, lines.length));
        }
        // In the memory from the one base and not from the other; many lines take another way.
        for (int count : new int[] {1, 20}) {
          int[] lines = new int[count];
          Arrays.fill(lines, BYTES / 64 - 64);
          memory.copyLines(0, 4032, lines, count);
          outside.add(() -> memory.copyLines(0, 4096, lines, count));
          outside.add(() -> memory.copyLines(4096, 0, lines, count));
          outside.add(() -> memory.pwbLines(4096, 0, lines, count));
        }
        for (long base : new long[] {-64, BYTES}) {
          outside.add(() -> memory.pwbLines(base, 0, new int[1], 1));
          outside.add(() -> memory.copyLines(base, 0, new int[1], 1));
          outside.add(() -> memory.copyLines(0, base, new int[1], 1));
        }
        assertThat(outside)
            .allSatisfy(
                each ->
                    assertThatThrownBy(each)
                        .as("%s", memory)
                        .isInstanceOf(IndexOutOfBoundsException.class));
      }
      assertThat(Files.readAllBytes(file)).containsOnly(0);
    }
  }

  @Test
  void a_missing_or_empty_file_is_refused_by_name() throws IOException {
    Path empty = Files.createFile(directory.resolve("empty.pm"));
    for (Path file : new Path[] {empty, directory.resolve("missing.pm")}) {
      assertThatThrownBy(() -> MappedMemory.open(file, Access.READ_WRITE, WriteBack.AUTO))
          .isInstanceOf(PmemException.CannotMap.class)
          .hasMessageContaining(file.toString());
    }
  }
}
