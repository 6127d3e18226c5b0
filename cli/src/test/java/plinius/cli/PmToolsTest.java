package plinius.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import plinius.romulus.Protocol;
import plinius.store.PoolFile;

/**
 * The verbs of `pm`: what they say, how they end, and that whatever they refuse stays as it was,
 * with nothing beside it that was not there before.
 */
final class PmToolsTest {
  private static final long BYTES = 1 << 20;
  private static final int PAGE = 4096;
  private static final long SEED = Long.parseLong("0" + System.getProperty("test.seed", "1"));

  /** All verbs that want a pool; the last one writes. */
  private static final List<List<String>> VERBS =
      List.of(
          List.of("info"),
          List.of("verify"),
          List.of("dump"),
          List.of("recover", "--dry-run"),
          List.of("grow", "--by", "1M"));

  @TempDir private Path folder;

  private static Said pm(List<String> verb, Object... more) {
    List<Object> words = new ArrayList<>(List.of("pm"));
    words.addAll(verb);
    words.addAll(List.of(more));
    return Said.run(words.toArray());
  }

  private static JsonNode json(Said said) throws IOException {
    assertThat(said.code()).as(said.err()).isZero();
    assertThat(said.out().lines()).hasSize(1);
    return new ObjectMapper().readTree(said.out());
  }

  /** Names and digests of all that lies in a folder. */
  private static Map<String, String> contents(Path folder) throws Exception {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        contents.put(name, Files.isDirectory(file) ? "a folder" : sha256(file));
      }
    }
    return contents;
  }

  private static String sha256(Path file) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
  }

  /** Runs a verb that must be refused, for people and for programs, without a trace. */
  private void assertRefused(ExitCode code, String why, List<String> verb, Path where)
      throws Exception {
    Map<String, String> before = contents(folder);

    Said said = pm(verb, where);
    Said event = pm(verb, where, "--json");

    assertThat(said.code()).as("%s %s: %s", verb, where, said.err()).isEqualTo(code.code());
    assertThat(said.err()).contains(why).doesNotContain("internal error");
    assertThat(said.out()).isEmpty();
    assertThat(event.code()).isEqualTo(code.code());
    JsonNode error = new ObjectMapper().readTree(event.out());
    assertThat(error.get("event").asText()).isEqualTo("error");
    assertThat(error.get("code").asInt()).isEqualTo(code.code());
    assertThat(error.get("reason").asText()).contains(why);
    assertThat(contents(folder)).as("after %s", verb).isEqualTo(before);
  }

  private Path made(String name) {
    Path file = folder.resolve(name);
    PoolFile.create(file, BYTES, Protocol.PING_PONG, PoolFile.Options.writing()).close();
    return file;
  }

  /** The bytes of a sound pool, and no lock beside. */
  private byte[] image() throws IOException {
    Path file = made("sound.pm");
    byte[] image = Files.readAllBytes(file);
    Files.delete(file);
    Files.delete(folder.resolve("lock"));
    return image;
  }

  // ---------------------------------------------------------------- what they do

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void a_pool_is_created_verified_dumped_grown_and_asked_what_recovery_would_do(Protocol protocol)
      throws Exception {
    Path file = folder.resolve("a.pm");

    JsonNode created =
        json(
            pm(List.of("create", "--size", "1M", "--protocol", protocol.option()), file, "--json"));
    assertThat(created.get("pool").asText()).isEqualTo(file.toString());
    assertThat(created.get("protocol").asText()).isEqualTo(protocol.option());
    assertThat(created.get("poolBytes").asLong()).isEqualTo(BYTES).isEqualTo(Files.size(file));
    long area = created.get("extentAreaBytes").asLong();
    assertThat(area).isEqualTo(BYTES - 2 * PAGE - 2 * created.get("twinBytes").asLong());
    assertThat(created.get("writeBack").asText()).isNotEmpty();
    assertThat(created.get("promise").asText()).contains("survives");
    assertThat(contents(folder)).containsOnlyKeys("a.pm", "lock");

    store(file);
    String digest = sha256(file);

    JsonNode info = json(pm(List.of("info"), file, "--json"));
    assertThat(info.get("protocol").asText()).isEqualTo(protocol.option());
    assertThat(info.get("sequence").asLong()).isEqualTo(1);
    assertThat(info.get("extentUsedBytes").asLong()).isEqualTo(3 * PAGE);

    JsonNode verified = json(pm(List.of("verify"), file, "--json"));
    assertThat(verified.get("structure").asText()).isEqualTo("sound");
    assertThat(verified.get("state").asText()).contains("1 commits");
    assertThat(verified.get("sequence").asLong()).isEqualTo(1);
    assertThat(verified.get("usedBlocks").asLong()).isEqualTo(2); // ours, and the extents' map
    assertThat(verified.get("freeBlocks").asLong()).isZero();
    assertThat(verified.get("extents").asLong()).isEqualTo(1);
    assertThat(verified.get("roots").asLong()).isEqualTo(1);

    JsonNode dumped = json(pm(List.of("dump"), file, "--json"));
    assertThat(dumped.get("roots").get(0).get("name").asText()).isEqualTo("ours");
    assertThat(dumped.get("roots").get(0).get("bytes").asLong()).isGreaterThanOrEqualTo(1000);
    assertThat(dumped.get("usedBlocks")).hasSize(2);
    assertThat(dumped.get("freeBlocks")).isEmpty();
    assertThat(dumped.get("extents")).hasSize(1);
    assertThat(dumped.get("extents").get(0).get("bytes").asLong()).isEqualTo(3 * PAGE);

    JsonNode recovery = json(pm(List.of("recover", "--dry-run"), file, "--json"));
    int believed = recovery.get("believedTwin").asInt();
    assertThat(believed).isEqualTo(info.get("committedTwin").asInt());
    assertThat(recovery.get("replacedTwin").asInt()).isEqualTo(1 - believed);
    assertThat(recovery.get("recovery").asText()).isEqualTo("whole twin");
    assertThat(recovery.get("copiedBytes").asLong()).isGreaterThan(PAGE);
    assertThat(recovery.get("differingLines").asLong()).isPositive(); // what the commit owes
    assertThat(sha256(file)).isEqualTo(digest);

    JsonNode grown = json(pm(List.of("grow", "--by", "1M"), file, "--json"));
    assertThat(grown.get("poolBytesBefore").asLong()).isEqualTo(BYTES);
    assertThat(grown.get("poolBytes").asLong()).isEqualTo(2 * BYTES).isEqualTo(Files.size(file));
    assertThat(grown.get("extentAreaBytes").asLong()).isEqualTo(area + BYTES);
    assertThat(grown.get("commits").asLong()).isEqualTo(1);
    assertThat(grown.get("aborts").asLong()).isZero();
    assertThat(grown.get("cutOvers").asLong()).isZero();
    assertThat(grown.get("fences").asLong()).isPositive();
    assertThat(grown.get("writtenBackLines").asLong()).isPositive();
    assertThat(grown.get("recovery").asText()).isEqualTo("whole twin");
    assertThat(grown.get("recoveredBytes").asLong())
        .isEqualTo(recovery.get("copiedBytes").asLong()); // as was foretold
    assertThat(grown.get("recoveryMicros").asLong()).isPositive();
    assertThat(grown.get("medium").asText()).isEqualTo(created.get("medium").asText());
    assertThat(json(pm(List.of("verify"), file, "--json")).get("sequence").asLong()).isEqualTo(2);
  }

  private static void store(Path file) {
    try (PoolFile pool = PoolFile.open(file, PoolFile.Options.writing())) {
      pool.pool()
          .update(
              tx -> {
                tx.setRoot("ours", tx.alloc(1000));
                return tx.allocExtent(2 * PAGE + 1);
              });
    }
  }

  @Test
  void people_are_told_in_lines_and_a_folder_means_the_pool_in_it() throws Exception {
    Said created = pm(List.of("create", "--size", "1M"), folder);
    assertThat(created.code()).as(created.err()).isZero();
    assertThat(created.out().lines())
        .anySatisfy(line -> assertThat(line).matches("poolBytes +1048576"));
    assertThat(folder.resolve("model.pm")).isRegularFile();

    assertThat(pm(List.of("verify"), folder).out()).containsPattern("structure +sound");
    assertThat(pm(List.of("dump"), folder).out()).containsPattern("extents +\\[\\]");
    assertThat(pm(List.of("info"), folder).out()).containsPattern("data +\\[\\]");
    assertThat(pm(List.of("recover", "--dry-run"), folder).out())
        .containsPattern("believedTwin +0");
    assertThat(pm(List.of("grow", "--by", "4K"), folder).out())
        .containsPattern("poolBytes +1052672");
  }

  // ---------------------------------------------------------------- what they refuse

  @ParameterizedTest
  @ValueSource(strings = {"0", "1", "4K", "1048575", "65537G", "8589934591G"})
  void a_size_that_no_pool_has_is_a_mistake_of_usage(String size) throws Exception {
    List<String> create = List.of("create", "--size", size);
    assertRefused(ExitCode.USAGE, "at most 2^46", create, folder.resolve("a.pm"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "1T", "", "99999999999999999999"})
  void a_size_that_is_no_number_is_a_mistake_of_usage(String size) throws Exception {
    Said said = pm(List.of("create", "--size", size), folder.resolve("a.pm"));

    assertThat(said.code()).as(said.err()).isEqualTo(ExitCode.USAGE.code());
    assertThat(contents(folder)).isEmpty();
  }

  @Test
  void a_pool_for_which_there_is_no_room_is_refused_before_anything_is_written() throws Exception {
    List<String> create = List.of("create", "--size", "65536G");
    assertRefused(ExitCode.MEDIUM, "free", create, folder.resolve("a.pm"));
  }

  @Test
  void what_is_there_already_is_not_replaced() throws Exception {
    List<String> create = List.of("create", "--size", "1M");
    Files.writeString(folder.resolve("model.pm"), "mine");

    assertRefused(ExitCode.BAD_INPUT, "exists", create, folder.resolve("model.pm"));
    assertRefused(ExitCode.BAD_INPUT, "exists", create, folder);
    assertRefused(ExitCode.BAD_INPUT, "no folder", create, folder.resolve("none/a.pm"));
  }

  @Test
  void a_write_back_that_would_keep_nothing_is_refused() throws Exception {
    String type = Files.getFileStore(folder).type();
    assumeTrue(!type.equals("tmpfs"), "the temporary folder is on " + type);
    Path there = made("there.pm");
    Files.delete(folder.resolve("lock"));

    List<String> create = List.of("create", "--size", "1M", "--write-back", "clwb");
    assertRefused(ExitCode.MEDIUM, "ordinary file", create, folder.resolve("a.pm"));
    List<String> grow = List.of("grow", "--by", "1M", "--write-back", "clwb");
    assertRefused(ExitCode.MEDIUM, "ordinary file", grow, there);
  }

  @Test
  void a_medium_that_forgets_is_refused_to_who_requires_that_it_does_not() throws Exception {
    Path tmpfs = Path.of("/dev/shm");
    assumeTrue(Files.isWritable(tmpfs) && Files.getFileStore(tmpfs).type().equals("tmpfs"));
    folder = Files.createTempDirectory(tmpfs, "plinius-pm-");
    try {
      Path file = folder.resolve("a.pm");
      String require = "power-loss";
      List<String> create = List.of("create", "--size", "1M", "--require", require);
      assertRefused(ExitCode.MEDIUM, "POWER_LOSS", create, file);

      JsonNode created = json(pm(List.of("create", "--size", "1M"), file, "--json"));
      assertThat(created.get("medium").asText()).isEqualTo("tmpfs");
      List<String> grow = List.of("grow", "--by", "1M", "--require", require);
      assertRefused(ExitCode.MEDIUM, "POWER_LOSS", grow, file);
      assertThat(pm(List.of("grow", "--by", "1M"), file).code()).isZero();
    } finally {
      for (String name : contents(folder).keySet()) {
        Files.delete(folder.resolve(name));
      }
      Files.delete(folder);
    }
  }

  @Test
  void a_growth_that_no_pool_can_have_is_refused_before_the_file_is_longer() throws Exception {
    Path file = made("a.pm");
    for (String by : List.of("0", "65536G", "8589934591G")) {
      assertRefused(ExitCode.USAGE, "at most 2^46", List.of("grow", "--by", by), file);
    }
    // Of so many pages the twins of so small a pool have no map.
    assertRefused(ExitCode.MEDIUM, "map", List.of("grow", "--by", "60G"), file);
    Path large = folder.resolve("large.pm");
    PoolFile.Options options = PoolFile.Options.writing();
    PoolFile.create(large, 64 << 20, 16 << 20, Protocol.PING_PONG, options).close();
    long free = Files.getFileStore(folder).getUsableSpace();
    assumeTrue(free < 220L << 30, "there is room for whatever the map has room for");
    assertRefused(ExitCode.MEDIUM, "free", List.of("grow", "--by", "220G"), large);
  }

  @Test
  void there_must_be_a_pool() throws Exception {
    Files.createDirectory(folder.resolve("empty"));
    Files.createDirectories(folder.resolve("odd/model.pm"));
    for (List<String> verb : VERBS) {
      for (String where : List.of("none.pm", "empty", "odd")) {
        assertRefused(ExitCode.BAD_INPUT, "there is no pool", verb, folder.resolve(where));
      }
      Path file = Files.createFile(folder.resolve("nothing.pm"));
      assertRefused(ExitCode.BAD_INPUT, "is empty", verb, file);
      Files.delete(file);
    }
  }

  private void assertRefusedByAll(ExitCode code, byte[] content) throws Exception {
    Path file = folder.resolve("bad.pm");
    Files.write(file, content);
    for (List<String> verb : VERBS) {
      assertRefused(code, file.toString(), verb, file);
    }
  }

  @Test
  void a_file_that_was_never_formatted_is_no_pool() throws Exception {
    assertRefusedByAll(ExitCode.BAD_INPUT, new byte[(int) BYTES]);
  }

  @Test
  void a_truncated_pool_is_damaged() throws Exception {
    byte[] image = image();
    for (int bytes : new int[] {100, PAGE, PAGE + 9, 3 * PAGE, image.length - PAGE}) {
      assertRefusedByAll(ExitCode.TAMPERED, Arrays.copyOf(image, bytes));
    }
  }

  @Test
  void random_bytes_are_damaged() throws Exception {
    byte[] random = new byte[(int) BYTES];
    new Random(SEED).nextBytes(random);
    assertRefusedByAll(ExitCode.TAMPERED, random);
  }

  @Test
  void a_flipped_bit_anywhere_in_the_header_is_noticed() throws Exception {
    byte[] image = image();
    Random random = new Random(SEED);
    // What is behind the word of a witness of nothing, nobody looks at.
    int[] places =
        random
            .ints(0, 2 * PAGE)
            .filter(at -> at < PAGE + 64 || at >= PAGE + 192 || at % 64 < 8)
            .limit(8)
            .toArray();
    places[0] = 0; // the mark
    places[1] = 12; // the protocol
    places[2] = 56; // the sizes
    places[3] = PAGE - 1; // the checksum
    places[4] = PAGE; // the word
    for (int at : places) {
      byte[] flipped = image.clone();
      flipped[at] ^= (byte) (1 << random.nextInt(8));
      assertRefusedByAll(ExitCode.TAMPERED, flipped);
    }
  }

  @Test
  void a_flipped_bit_in_the_heap_is_noticed() throws Exception {
    byte[] flipped = image();
    flipped[2 * PAGE + 8] ^= 1; // where the blocks end
    assertRefusedByAll(ExitCode.TAMPERED, flipped);
  }

  @Test
  void recovery_is_only_ever_described() throws Exception {
    assertRefused(ExitCode.USAGE, "--dry-run", List.of("recover"), made("a.pm"));
  }

  @Test
  void a_pool_that_another_process_uses_is_looked_at_and_not_changed() throws Exception {
    Path file = made("a.pm");
    Path holder =
        Files.writeString(
            Files.createDirectory(folder.resolve("program")).resolve("Holder.java"),
            """
            import java.nio.channels.FileChannel;
            import java.nio.file.*;
            void main(String[] args) throws Exception {
              try (var file = FileChannel.open(Path.of(args[0]), StandardOpenOption.WRITE)) {
                System.out.println(file.tryLock(0, 1, false) != null);
                System.in.read();
              }
            }
            """);
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Path lock = folder.resolve("lock");
    Process process =
        new ProcessBuilder(java.toString(), holder.toString(), lock.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (InputStream said = process.getInputStream()) {
      assertThat(new String(said.readNBytes(4), StandardCharsets.US_ASCII)).isEqualTo("true");

      assertRefused(ExitCode.IN_USE, "in use", List.of("grow", "--by", "1M"), file);
      List<String> create = List.of("create", "--size", "1M");
      assertRefused(ExitCode.IN_USE, "in use", create, folder.resolve("b.pm"));
      for (List<String> verb : VERBS.subList(0, 4)) {
        assertThat(pm(verb, file).code()).isZero();
      }
    } finally {
      process.destroy();
      process.waitFor();
    }
    assertThat(pm(List.of("grow", "--by", "1M"), file).code()).isZero();
  }

  @Test
  void a_pool_that_this_process_uses_is_in_use_too() throws Exception {
    Path file = made("a.pm");
    try (PoolFile user = PoolFile.open(file, PoolFile.Options.reading())) {
      assertRefused(ExitCode.IN_USE, "in use", List.of("grow", "--by", "1M"), file);
      assertThat(user.pool().info().sequence()).isZero();
    }
  }
}
