package plinius.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.pmem.PmemException;
import plinius.romulus.Extent;
import plinius.romulus.Protocol;

/**
 * A pool on a small file system, full, mounted read-only or without a size, in a mount namespace of
 * its own: nobody else sees it, and it is gone with the process. Needs the right to mount, as root
 * has it outside of most containers.
 */
class MountedFileSystemTest {
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

  /** What attempts say, one after the other, with commands between them. */
  private String attempts(String script) throws IOException, InterruptedException {
    String may;
    try {
      may = said(inNamespace(MOUNT));
    } catch (IOException noProgram) {
      may = noProgram.getMessage();
    }
    assumeTrue(may.equals("0 "), "no mounting here: " + may);
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String attempt =
        "\"$1\" --enable-native-access=ALL-UNNAMED -cp \"$2\" '"
            + Attempt.class.getName()
            + "' \"$0\" ";
    return said(
        inNamespace(
            MOUNT + " && " + script.replace("ATTEMPT ", attempt),
            java,
            System.getProperty("java.class.path")));
  }

  @Test
  void a_pool_is_read_where_nothing_is_written_and_neither_changed_nor_made() throws Exception {
    String found = attempts("ATTEMPT make && mount -o remount,ro \"$0\" && ATTEMPT use");

    assertThat(found)
        .startsWith("0 ")
        .contains("made", "read 7")
        .containsSubsequence("refused", "Read-only file system", "refused", "Read-only file system")
        .endsWith("read 7\n[lock, pool.pm]");
  }

  @Test
  void a_pool_that_has_no_room_is_not_made_and_leaves_nothing() throws Exception {
    assertThat(attempts("ATTEMPT large"))
        .startsWith("0 ")
        .contains("refused", "bytes free")
        .endsWith("[]");
  }

  @Test
  void a_pool_is_not_made_where_not_even_a_page_has_room() throws Exception {
    String full = "head -c 16m /dev/zero >\"$0/filler\" && ATTEMPT small";

    assertThat(attempts(full)).startsWith("0 ").contains("refused").endsWith("[filler]");
  }

  @Test
  void a_pool_that_has_no_room_to_grow_stays_as_it_was_and_in_use() throws Exception {
    assertThat(attempts("ATTEMPT make && ATTEMPT grow"))
        .startsWith("0 ")
        .contains(
            "refused",
            "No space left on device",
            "as long as before\nholds 7",
            "grown by what fits")
        .doesNotContain("it is longer")
        .endsWith("read 7\n[lock, pool.pm]");
  }

  @Test
  void a_pool_is_made_and_grown_on_a_file_system_that_says_no_size() throws Exception {
    String onRamfs = "mount -t ramfs ramfs \"$0\" && ATTEMPT make && ATTEMPT grow";

    assertThat(attempts(onRamfs))
        .startsWith("0 ")
        .contains("made", "grown\nit is longer\nholds 7", "grown by what fits")
        .doesNotContain("refused")
        .endsWith("read 7\n[lock, pool.pm]");
  }

  /** What the process in the namespace does. */
  static final class Attempt {
    private Attempt() {}

    public static void main(String[] arguments) throws IOException {
      Path folder = Path.of(arguments[0]);
      Path pool = folder.resolve("pool.pm");
      switch (arguments[1]) {
        case "make" -> make(pool);
        case "use" -> {
          read(pool);
          tryToOpenForWriting(pool);
          tryToCreate(folder.resolve("another.pm"), PoolFile.BYTES_MIN);
          read(pool);
          list(folder);
        }
        case "small" -> {
          tryToCreate(pool, PoolFile.BYTES_MIN);
          list(folder);
        }
        case "large" -> {
          tryToCreate(pool, 32 << 20);
          list(folder);
        }
        default -> {
          growBeyondTheMedium(pool);
          read(pool);
          list(folder);
        }
      }
    }

    private static void make(Path pool) {
      try (PoolFile file = create(pool, PoolFile.BYTES_MIN)) {
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
    }

    private static void tryToOpenForWriting(Path pool) {
      try (PoolFile file = PoolFile.open(pool, PoolFile.Options.writing())) {
        System.out.println("opened for writing: " + file);
      } catch (PmemException.CannotMap refused) {
        System.out.println("refused: " + refused.getMessage());
      }
    }

    private static void tryToCreate(Path path, long bytes) {
      try (PoolFile file = create(path, bytes)) {
        System.out.println("made " + file);
      } catch (PmemException.CannotMap refused) {
        System.out.println("refused: " + refused.getMessage());
      }
    }

    private static void growBeyondTheMedium(Path pool) throws IOException {
      long before = Files.size(pool);
      try (PoolFile file = PoolFile.open(pool, PoolFile.Options.writing().growing())) {
        try {
          file.pool().grow(32 << 20);
          System.out.println("grown");
        } catch (PmemException.CannotGrow refused) {
          System.out.println("refused: " + refused.getMessage());
        }
        // The twin that does not count may differ: the growth's transaction was taken back.
        System.out.println(before == Files.size(pool) ? "as long as before" : "it is longer");
        System.out.println("holds " + seven(file));
        file.pool().grow(4 << 20);
        Extent large = file.pool().update(tx -> tx.allocExtent(3 << 20));
        System.out.println("grown by what fits: " + large.bytes());
      }
    }

    private static PoolFile create(Path path, long bytes) {
      return PoolFile.create(path, bytes, Protocol.PING_PONG, PoolFile.Options.writing());
    }

    private static void read(Path pool) {
      try (PoolFile file = PoolFile.open(pool, PoolFile.Options.reading())) {
        System.out.println("read " + seven(file));
      }
    }

    private static long seven(PoolFile file) {
      return file.pool().<Long>read(tx -> tx.getLong(tx.root("seven")));
    }

    private static void list(Path folder) throws IOException {
      try (Stream<Path> files = Files.list(folder)) {
        System.out.println(files.map(file -> file.getFileName().toString()).sorted().toList());
      }
    }
  }
}
