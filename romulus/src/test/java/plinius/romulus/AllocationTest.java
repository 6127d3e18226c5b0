package plinius.romulus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.pmem.Medium;
import plinius.pmem.PersistentMemory;

/** A small transaction makes no garbage once it is compiled. */
class AllocationTest {
  private static final int UPDATES = 20_000;
  private static final int ROUNDS_MAX = 500;

  /**
   * Updates until a round allocates nothing, and prints the bytes of the last round. In a virtual
   * machine of its own, because the compiler judges by all pools that it has seen, and those of the
   * other tests lie in memories of many kinds.
   */
  static final class Updating {
    private Updating() {}

    public static void main(String[] arguments) throws IOException {
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      Protocol protocol = Protocol.valueOf(arguments[0]);
      try (PersistentMemory memory = RealFile.open(Path.of(arguments[1]))) {
        Pool pool = Pool.format(memory, Story.IDENTITY, protocol, RealFile.TWIN_BYTES);
        Swap swap = new Swap(pool.<Long>update(tx -> tx.alloc(64 * 64)));
        // A msync takes milliseconds, and its segment is an object.
        if (memory.medium().kind() == Medium.Kind.FILE) {
          System.out.println("no tmpfs");
          return;
        }
        long allocated = -1;
        for (int round = 0; round < ROUNDS_MAX && allocated != 0; round++) {
          long before = threads.getCurrentThreadAllocatedBytes();
          for (int i = 0; i < UPDATES; i++) {
            pool.update(swap);
          }
          allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        System.out.println(allocated);
      }
    }
  }

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
  void an_update_allocates_nothing_in_the_steady_state(Protocol protocol) throws Exception {
    String said = updating(protocol);

    assumeTrue(!said.equals("no tmpfs"), "there is no tmpfs here");
    assertThat(said).isEqualTo("0");
  }

  private static String updating(Protocol protocol) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + "/bin/java");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(Updating.class.getName(), protocol.name()));
    command.add(System.getProperty("java.io.tmpdir"));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isZero();
    return out.strip();
  }
}
