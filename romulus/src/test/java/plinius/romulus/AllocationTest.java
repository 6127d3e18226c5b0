package plinius.romulus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.pmem.Medium;
import plinius.pmem.PersistentMemory;

/** A small transaction makes no garbage once it is compiled. */
class AllocationTest {
  private static final int UPDATES = 20_000;
  private static final int ROUNDS_MAX = 500;

  private static final class Swap implements Pool.Update<Void> {
    private final long block;
    private int at;

    Swap(long block) {
      this.block = block;
    }

    @Override
    public Void run(Tx tx) {
      at = (at + 7) % 64;
      long one = block + 64L * at;
      long other = block + 64L * (63 - at);
      long value = tx.getLong(one);
      tx.setLong(one, tx.getLong(other));
      tx.setLong(other, value);
      return null;
    }
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void an_update_allocates_nothing_in_the_steady_state(Protocol protocol, @TempDir Path folder)
      throws IOException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (PersistentMemory memory = RealFile.open(folder)) {
      Pool pool = Pool.format(memory, Story.IDENTITY, protocol, RealFile.TWIN_BYTES);
      Swap swap = new Swap(pool.<Long>update(tx -> tx.alloc(64 * 64)));
      // A msync takes milliseconds, and its segment is an object.
      assumeTrue(memory.medium().kind() != Medium.Kind.FILE, "there is no tmpfs here");
      long allocated = -1;
      for (int round = 0; round < ROUNDS_MAX && allocated != 0; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < UPDATES; i++) {
          pool.update(swap);
        }
        allocated = threads.getCurrentThreadAllocatedBytes() - before;
      }
      assertThat(allocated).isZero();
    }
  }
}
