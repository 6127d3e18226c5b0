package plinius.benchmarks.sps;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import plinius.benchmarks.Main;
import plinius.cli.ExitCode;

/** What is refused before a process is started, and what is printed of the shortest run. */
class SpsCommandTest {
  @ParameterizedTest
  @CsvSource({
    "--swaps, 0",
    "--swaps, '1,-1'",
    "--threads, 0",
    "--rounds, 0",
    "--milliseconds, 0",
    "--write-back, msync",
    "--write-back, auto",
    "--write-back, none",
    "--folder, no-such-folder"
  })
  void what_is_no_measurement_is_a_mistake_of_usage(String option, String value) {
    assertThat(Main.run("bench", "sps", option, value)).isEqualTo(ExitCode.USAGE.code());
  }

  /** Beside libpmemobj where it is installed. */
  @Test
  void each_point_of_each_implementation_is_a_line_of_json() throws Exception {
    Path memory = Path.of("/dev/shm");
    assumeTrue(Files.isWritable(memory), "no " + memory + ": no instruction writes a file back");
    Path folder = Files.createTempDirectory(memory, "plinius-sps-test-");
    List<JsonNode> lines;
    try {
      lines =
          measure(
              "--folder",
              folder.toString(),
              "--swaps=64",
              "--threads=1",
              "--write-back=clflush",
              "--rounds=1",
              "--milliseconds=20");
    } finally {
      Files.delete(folder); // fails if anything was left in it
    }

    assertThat(lines).allSatisfy(SpsCommandTest::assertIsPoint);
    List<String> names = lines.stream().map(line -> line.path("implementation").asText()).toList();
    assertThat(names).containsOnlyOnce("ping-pong", "romulus");
    assertThat(names).isSubsetOf("ping-pong", "romulus", "libpmemobj");
  }

  private static void assertIsPoint(JsonNode line) {
    assertThat(line.fieldNames())
        .toIterable()
        .containsExactly(
            "bench",
            "implementation",
            "writeback",
            "threads",
            "swapsPerTransaction",
            "swapsPerSecond");
    assertThat(line.path("bench").asText()).isEqualTo("sps");
    assertThat(line.path("writeback").asText()).isEqualTo("clflush");
    assertThat(line.path("threads").asInt()).isEqualTo(1);
    assertThat(line.path("swapsPerTransaction").asInt()).isEqualTo(64);
    assertThat(line.path("swapsPerSecond").asLong()).isPositive();
  }

  /** The workers are modules: they get the path of the tests for one, without the tests. */
  private static List<JsonNode> measure(String... options) throws Exception {
    String modules =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .filter(entry -> !entry.contains("test-classes"))
            .collect(Collectors.joining(File.pathSeparator));
    ByteArrayOutputStream told = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setProperty("jdk.module.path", modules);
    System.setOut(new PrintStream(told, true, StandardCharsets.UTF_8));
    try {
      List<String> command = new ArrayList<>(List.of("bench", "sps", "--json"));
      command.addAll(List.of(options));
      assertThat(Main.run(command.toArray(String[]::new))).isZero();
    } finally {
      System.setOut(before);
      System.clearProperty("jdk.module.path");
    }
    List<JsonNode> lines = new ArrayList<>();
    for (String line : told.toString(StandardCharsets.UTF_8).lines().toList()) {
      lines.add(new ObjectMapper().readTree(line));
    }
    return lines;
  }
}
