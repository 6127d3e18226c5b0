package plinius.romulus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;

/**
 * A real process with a real mapping is killed at a random instant, also while it opens, recovers
 * and goes on, and another one goes on with its file. What was reported as committed must be there.
 * The page cache survives a kill, so that missing flushes cannot be found here: the crash tests
 * find them.
 */
class KillTest {
  private static final long SEED = Long.parseLong("0" + System.getProperty("test.seed", "1"));
  private static final int LIFE_MICROS_MAX = 50_000;
  private static final int RECOVERY_MICROS_MAX = 5_000;
  private static final int NUMBERS = 256;
  private static final int HEAD_BYTES = 64;
  private static final int EXTENT_BYTES = 5000;
  private static final int TWIN_BYTES = 8 << 20;
  private static final int POOL_BYTES = 8192 + 2 * TWIN_BYTES + (64 << 10);

  /** In use and never touched again: so that recovery has something to copy, and can be hit. */
  private static final int BALLAST_BYTES = 6 << 20;

  /** Of both protocols together a thousand. */
  private static final int ROUNDS = Integer.getInteger("test.rounds", 500);

  /** From when on the life of a process is counted. */
  private enum From {
    OPENING("opening"),
    RECOVERY("recovering"),
    FIRST_COMMIT("");

    private final String line;

    From(String line) {
      this.line = line;
    }
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void a_killed_process_loses_nothing_that_it_reported(Protocol protocol) throws Exception {
    killAndGoOn(protocol, 6);
  }

  @Tag("long")
  @ParameterizedTest
  @EnumSource(Protocol.class)
  void a_process_that_is_killed_five_hundred_times_loses_nothing(Protocol protocol)
      throws Exception {
    killAndGoOn(protocol, ROUNDS);
  }

  private static void killAndGoOn(Protocol protocol, int rounds) throws Exception {
    Random random = new Random(SEED);
    Path memoryFolder = Path.of("/dev/shm");
    Path file =
        Files.isWritable(memoryFolder)
            ? Files.createTempFile(memoryFolder, "plinius-kill-", ".pm")
            : Files.createTempFile("plinius-kill-", ".pm");
    try {
      Files.write(file, new byte[POOL_BYTES]);
      try (PersistentMemory memory = MappedMemory.open(file, Access.READ_WRITE, WriteBack.AUTO)) {
        Pool.format(memory, Story.IDENTITY, protocol, TWIN_BYTES);
      }
      int reported = 0;
      for (int round = 0; round < rounds; round++) {
        From from = From.values()[2 - round % 3];
        int micros = random.nextInt(from == From.RECOVERY ? RECOVERY_MICROS_MAX : LIFE_MICROS_MAX);
        reported = Math.max(reported, liveAndDie(file, from, micros));
        int found = found(file);
        assertThat(found)
            .as("round %d, %s, seed %d", round, protocol, SEED)
            .isGreaterThanOrEqualTo(reported);
        reported = found;
      }
      assertThat(reported).as("steps in %d lives", rounds).isPositive();
    } finally {
      Files.delete(file);
    }
  }

  /** What an observer finds, who writes nothing. */
  private static int found(Path file) {
    try (PersistentMemory memory = MappedMemory.open(file, Access.READ_ONLY, WriteBack.AUTO)) {
      Pool pool = Pool.open(memory);
      return pool.info().roots().isEmpty() ? 0 : pool.read(KillTest::check);
    }
  }

  /**
   * The last step that a process reported before it was killed; 0 if none.
   *
   * @param from when its life is counted from
   */
  private static int liveAndDie(Path file, From from, int micros)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    classPath(),
                    Life.class.getName(),
                    file.toString()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    int last = 0;
    try (BufferedReader reports = process.inputReader(StandardCharsets.US_ASCII)) {
      String line = reports.readLine();
      while (line != null
          && !(from == From.FIRST_COMMIT ? line.endsWith(".") : line.equals(from.line))) {
        line = reports.readLine();
      }
      last = step(line, last);
      TimeUnit.MICROSECONDS.sleep(micros);
      process.toHandle().destroyForcibly(); // which leaves what it wrote to be read
      process.waitFor();
      for (line = reports.readLine(); line != null; line = reports.readLine()) {
        last = step(line, last);
      }
    } finally {
      process.destroyForcibly();
    }
    return last;
  }

  /** One more: counted, two numbers exchanged, a fresh extent in the place of the old one. */
  private static int step(Tx tx) {
    long root = tx.root("swaps");
    if (root == 0) {
      root = tx.alloc(HEAD_BYTES + 8L * NUMBERS); // step, extent (offset), numbers
      tx.setRoot("swaps", root);
      tx.setRoot("ballast", tx.alloc(BALLAST_BYTES));
      for (int i = 0; i < NUMBERS; i++) {
        tx.setLong(root + HEAD_BYTES + 8L * i, i);
      }
    }
    int step = (int) tx.getLong(root) + 1;
    tx.setLong(root, step);
    long a = root + HEAD_BYTES + 8L * (step * 31L % NUMBERS);
    long b = root + HEAD_BYTES + 8L * (step * 17L % NUMBERS);
    long value = tx.getLong(a);
    tx.setLong(a, tx.getLong(b));
    tx.setLong(b, value);
    if (step > 1) {
      tx.freeExtent(new Extent(tx.getLong(root + 8), EXTENT_BYTES));
    }
    Extent extent = tx.allocExtent(EXTENT_BYTES);
    tx.writeExtent(extent, 0, filled(step), 0, EXTENT_BYTES);
    tx.setLong(root + 8, extent.offset());
    return step;
  }

  /** The step that the pool holds, which is whole. */
  private static int check(ReadTx tx) {
    long root = tx.root("swaps");
    int step = (int) tx.getLong(root);
    BitSet seen = new BitSet();
    for (int i = 0; i < NUMBERS; i++) {
      seen.set((int) tx.getLong(root + HEAD_BYTES + 8L * i));
    }
    assertThat(seen.cardinality()).as("different numbers").isEqualTo(NUMBERS);
    byte[] bytes = new byte[EXTENT_BYTES];
    tx.readExtent(new Extent(tx.getLong(root + 8), EXTENT_BYTES), 0, bytes, 0, EXTENT_BYTES);
    assertThat(bytes).as("the extent of step %d", step).isEqualTo(filled(step));
    return step;
  }

  private static byte[] filled(int step) {
    return ByteBuffer.allocate(EXTENT_BYTES).putInt(step).putInt(EXTENT_BYTES - 4, step).array();
  }

  /** What a line reports; one that is cut off reports nothing. */
  private static int step(String line, int last) {
    return line != null && line.endsWith(".")
        ? Integer.parseInt(line.substring(0, line.length() - 1))
        : last;
  }

  /** Wherever the classes of this test come from: its tests are patched into a module by Maven. */
  static String classPath() {
    return String.join(
        File.pathSeparator,
        System.getProperty("jdk.module.path", ""),
        System.getProperty("java.class.path", ""),
        Path.of("target/test-classes").toAbsolutePath().toString());
  }

  /**
   * The process: opens the pool, recovers it by its first update, and goes on until it is killed.
   */
  static final class Life {
    private Life() {}

    public static void main(String[] arguments) {
      System.out.println("opening");
      try (PersistentMemory memory =
          MappedMemory.open(Path.of(arguments[0]), Access.READ_WRITE, WriteBack.AUTO)) {
        Pool pool = Pool.open(memory);
        System.out.println("recovering");
        while (true) {
          System.out.println(pool.update(KillTest::step) + ".");
        }
      }
    }
  }
}
