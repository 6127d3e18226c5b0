package plinius.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.pmem.Medium;
import plinius.romulus.Extent;
import plinius.romulus.Pool;
import plinius.romulus.PoolException;
import plinius.romulus.Protocol;
import plinius.romulus.ReadTx;
import plinius.romulus.Tx;

/**
 * A pool in a mapped file grows while two threads write to it and two read it. Its root counts the
 * transactions and has many slots: an extent each, full of the number of the transaction that made
 * it. They fill the pool, so that what was appended is used at once.
 */
class GrowthUnderLoadTest {
  private static final long BYTES = 1 << 20;
  private static final int SLOTS = 60;
  private static final int SLOT_BYTES = 2 * Long.BYTES;
  private static final int EXTENT_BYTES = 12 * 4096 - 5;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  @TempDir Path disk;

  private final AtomicBoolean stop = new AtomicBoolean();
  private final AtomicLong written = new AtomicLong();
  private final AtomicLong read = new AtomicLong();
  private final AtomicLong beyond = new AtomicLong(); // extents that lie in what was appended
  private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void on_emulated_persistent_memory_nothing_is_torn_or_lost(Protocol protocol) throws Exception {
    Path tmpfs = Path.of("/dev/shm");
    assumeTrue(Files.isWritable(tmpfs) && Files.getFileStore(tmpfs).type().equals("tmpfs"));
    Path folder = Files.createTempDirectory(tmpfs, "plinius-growth-");
    try {
      growUnderLoad(folder.resolve("a.pm"), protocol, Medium.Kind.TMPFS, 8, 256 << 10);
    } finally {
      Files.deleteIfExists(folder.resolve("a.pm"));
      Files.deleteIfExists(folder.resolve("lock"));
      Files.delete(folder);
    }
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void in_an_ordinary_file_nothing_is_torn_or_lost(Protocol protocol) throws Exception {
    String type = Files.getFileStore(disk).type();
    assumeTrue(!type.equals("tmpfs"), "the temporary folder is on " + type);
    growUnderLoad(disk.resolve("a.pm"), protocol, Medium.Kind.FILE, 5, 512 << 10);
  }

  private void growUnderLoad(
      Path file, Protocol protocol, Medium.Kind medium, int growths, int growthBytes)
      throws IOException, InterruptedException {
    try (PoolFile opened =
        PoolFile.create(file, BYTES, protocol, PoolFile.Options.writing().growing())) {
      Pool pool = opened.pool();
      assertThat(pool.info().medium().kind()).isEqualTo(medium);
      long root = pool.update(GrowthUnderLoadTest::makeRoot);
      Thread[] threads = {
        Thread.ofPlatform().start(() -> untilStopped(() -> write(pool, root))),
        Thread.ofPlatform().start(() -> untilStopped(() -> write(pool, root))),
        Thread.ofPlatform().start(() -> untilStopped(reader(pool, root))),
        Thread.ofPlatform().start(() -> untilStopped(reader(pool, root)))
      };
      try {
        for (int i = 0; i < growths; i++) {
          pool.grow(growthBytes);
          awaitMore(written);
          awaitMore(read);
        }
        awaitMore(beyond);
      } finally {
        stop.set(true);
        for (Thread thread : threads) {
          thread.join();
        }
      }
      assertThat(failures).isEmpty();
      assertThat(pool.info().poolBytes()).isEqualTo(BYTES + (long) growths * growthBytes);
    }
    assertThat(Files.size(file)).isEqualTo(BYTES + (long) growths * growthBytes);
    try (PoolFile again = PoolFile.open(file, PoolFile.Options.reading())) {
      long counted = again.pool().read(tx -> check(tx, tx.root("state")));
      assertThat(counted).isEqualTo(written.get());
    }
  }

  private static long makeRoot(Tx tx) {
    long root = tx.alloc(Long.BYTES + SLOTS * SLOT_BYTES);
    tx.setRoot("state", root);
    return root;
  }

  private void untilStopped(Runnable step) {
    try {
      while (!stop.get()) {
        step.run();
      }
    } catch (Throwable failed) { // whatever it is, the test's thread reports it
      failures.add(failed);
    }
  }

  private void awaitMore(AtomicLong counter) throws InterruptedException {
    long before = counter.get();
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (counter.get() == before && failures.isEmpty()) {
      assertThat(System.nanoTime()).as("nothing happens").isLessThan(end);
      Thread.sleep(1);
    }
  }

  /** Puts a fresh extent into the next slot; where there is no room the slot becomes empty. */
  private void write(Pool pool, long root) {
    try {
      if (pool.update(tx -> fill(tx, root, true))) {
        beyond.incrementAndGet();
      }
    } catch (PoolException.Full full) {
      pool.update(tx -> fill(tx, root, false));
    }
    written.incrementAndGet();
  }

  /** Whether the new extent lies in what was appended. */
  private static boolean fill(Tx tx, long root, boolean room) {
    long number = tx.getLong(root) + 1;
    tx.setLong(root, number);
    long slot = slot(root, number % SLOTS);
    if (tx.getLong(slot) != 0) {
      tx.freeExtent(new Extent(tx.getLong(slot), EXTENT_BYTES));
    }
    long offset = 0;
    if (room) {
      Extent extent = tx.allocExtent(EXTENT_BYTES);
      byte[] content = new byte[EXTENT_BYTES];
      Arrays.fill(content, (byte) number);
      tx.writeExtent(extent, 0, content, 0, content.length);
      offset = extent.offset();
    }
    tx.setLong(slot, offset);
    tx.setLong(slot + Long.BYTES, number);
    return offset >= BYTES;
  }

  private static long slot(long root, long index) {
    return root + Long.BYTES + index * SLOT_BYTES;
  }

  private Runnable reader(Pool pool, long root) {
    AtomicLong newest = new AtomicLong();
    return () -> {
      long number = pool.read(tx -> check(tx, root));
      assertThat(number).as("the past does not come back").isGreaterThanOrEqualTo(newest.get());
      newest.set(number);
      read.incrementAndGet();
      LockSupport.parkNanos(1_000_000); // writers wait for readers: let them have some time
    };
  }

  /** All of one state: every slot as the last transaction that came by left it. */
  private static long check(ReadTx tx, long root) {
    long newest = tx.getLong(root);
    byte[] content = new byte[EXTENT_BYTES];
    byte[] expected = new byte[EXTENT_BYTES];
    boolean sound = true;
    for (long number = Math.max(1, newest - SLOTS + 1); number <= newest; number++) {
      long slot = slot(root, number % SLOTS);
      sound &= tx.getLong(slot + Long.BYTES) == number;
      long offset = tx.getLong(slot);
      if (offset != 0) {
        tx.readExtent(new Extent(offset, EXTENT_BYTES), 0, content, 0, content.length);
        Arrays.fill(expected, (byte) number);
        sound &= Arrays.equals(content, expected);
      }
    }
    assertThat(sound).as("the slots of transaction " + newest).isTrue();
    return newest;
  }
}
