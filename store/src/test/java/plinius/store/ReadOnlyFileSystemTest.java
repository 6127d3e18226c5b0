package plinius.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.pmem.PmemException;
import plinius.romulus.Protocol;

/**
 * A pool on a file system that is mounted read-only, in a mount namespace of its own: nobody else
 * sees it, and it is gone with the process. Needs the right to mount, as root has it outside of
 * most containers.
 */
class ReadOnlyFileSystemTest {
  private static final String MOUNT = "mount -t tmpfs -o size=16m tmpfs \"$0\"";

  @TempDir Path folder;

  private static String said(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    return process.waitFor() + " " + output;
  }

  private List<String> inNamespace(String script, String... arguments) {
    List<String> command = new ArrayList<>(List.of("unshare", "-m", "sh", "-c", script));
    command.add(folder.toString());
    command.addAll(List.of(arguments));
    return command;
  }

  @Test
  void a_pool_is_read_there_and_neither_changed_nor_made() throws Exception {
    String may;
    try {
      may = said(inNamespace(MOUNT));
    } catch (IOException noProgram) {
      may = noProgram.getMessage();
    }
    assumeTrue(may.equals("0 "), "no mounting here: " + may);
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String run =
        "\"$1\" --enable-native-access=ALL-UNNAMED -cp \"$2\" '"
            + Attempt.class.getName()
            + "' \"$0\" ";

    String found =
        said(
            inNamespace(
                MOUNT + " && " + run + "make && mount -o remount,ro \"$0\" && " + run + "use",
                java,
                System.getProperty("java.class.path")));

    assertThat(found)
        .startsWith("0 ")
        .contains("made", "read 7")
        .containsSubsequence("refused", "Read-only file system", "refused", "Read-only file system")
        .endsWith("read 7");
  }

  /** What the process in the namespace does. */
  static final class Attempt {
    private Attempt() {}

    public static void main(String[] arguments) {
      Path pool = Path.of(arguments[0], "pool.pm");
      if (arguments[1].equals("make")) {
        try (PoolFile file = create(pool)) {
          file.pool()
              .update(
                  tx -> {
                    long ref = tx.alloc(8);
                    tx.setLong(ref, 7);
                    tx.setRoot("seven", ref);
                    return null;
                  });
        }
        System.out.println("made");
        return;
      }
      read(pool);
      try (PoolFile file = PoolFile.open(pool, PoolFile.Options.writing())) {
        System.out.println("opened for writing: " + file);
      } catch (PmemException.CannotMap refused) {
        System.out.println("refused: " + refused.getMessage());
      }
      try (PoolFile file = create(Path.of(arguments[0], "another.pm"))) {
        System.out.println("made " + file);
      } catch (PmemException.CannotMap refused) {
        System.out.println("refused: " + refused.getMessage());
      }
      read(pool);
    }

    private static PoolFile create(Path path) {
      return PoolFile.create(
          path, PoolFile.BYTES_MIN, Protocol.PING_PONG, PoolFile.Options.writing());
    }

    private static void read(Path pool) {
      try (PoolFile file = PoolFile.open(pool, PoolFile.Options.reading())) {
        System.out.println(
            "read " + file.pool().<Long>read(tx -> tx.getLong(tx.root("seven"))).longValue());
      }
    }
  }
}
