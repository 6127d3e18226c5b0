package plinius.evaluation.mirror;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.evaluation.Laboratory;

/** The measuring programs on tiny instances, within this virtual machine. */
class ProbesTest {
  private static final Path SHARED_MEMORY = Path.of("/dev/shm");

  @TempDir private Path disk;

  private Path pm;

  @BeforeEach
  void makePm() throws IOException {
    assumeTrue(Files.isWritable(SHARED_MEMORY), "no /dev/shm to stand for persistent memory");
    pm = Files.createTempDirectory(SHARED_MEMORY, "plinius-probes-");
  }

  @AfterEach
  void removePm() {
    if (pm != null) {
      Laboratory.remove(pm);
    }
  }

  @Test
  void the_mirror_is_timed_beside_as_many_threads_and_the_papers_ways_on_one() throws Exception {
    List<String> one = stores(1);
    List<String> two = stores(2);

    assertThat(one).hasSize(7).contains("paper's way: twice in one transaction");
    assertThat(two)
        .containsExactlyInAnyOrder(
            "mirror, non-temporal",
            "mirror, stores and write-back",
            "copy",
            "cipher only",
            "file, one fsync");
    assertNothingIsLeft();
  }

  private List<String> stores(int threads) throws IOException {
    List<JsonNode> lines =
        lines(
            MirrorProbe::main,
            pm.toString(),
            disk.toString(),
            "0.6",
            "1",
            Integer.toString(threads));
    assertThat(lines).allMatch(line -> line.get("threads").asInt() == threads);
    assertThat(lines).allMatch(line -> line.get("saveMillis").asDouble() > 0);
    return lines.stream().map(line -> line.get("store").asText()).toList();
  }

  @Test
  void each_number_of_threads_is_timed_in_each_round() throws Exception {
    List<JsonNode> lines = lines(ScalingProbe::main, pm.toString(), "2.5", "2", "1,2,3");

    assertThat(lines.stream().map(line -> line.get("round") + " " + line.get("threads")))
        .containsExactly("0 1", "0 2", "0 3", "1 1", "1 2", "1 3");
    assertNothingIsLeft();
  }

  @Test
  void the_working_set_is_that_of_the_mirror_and_of_the_papers_checkpoint() throws Exception {
    List<JsonNode> lines = lines(WorkingSetProbe::main, pm.toString(), disk.toString(), "2.5");

    assertThat(lines.stream().map(line -> line.get("store").asText()))
        .containsExactly("mirror", "file, fsync each buffer");
    assertThat(lines).allMatch(line -> line.get("saveMillis").asDouble() > 0);
    assertThat(lines).allMatch(line -> line.get("restoreMillis").asDouble() > 0);
    // Neither copies the model: what they allocate is less than one.
    assertThat(lines).allMatch(line -> line.get("saveBytes").asDouble() < 2.5e6);
    assertThat(lines.getFirst().get("coldRestoreMillis").asText()).isEmpty();
    assertNothingIsLeft();
  }

  /** A program's main method. */
  private interface Program {
    void run(String... arguments) throws IOException;
  }

  /** What it writes to standard output. */
  private static List<JsonNode> lines(Program program, String... arguments) throws IOException {
    ByteArrayOutputStream told = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(told, true, UTF_8));
    try {
      program.run(arguments);
    } finally {
      System.setOut(before);
    }
    List<JsonNode> lines = new ArrayList<>();
    for (String line : told.toString(UTF_8).lines().toList()) {
      lines.add(new ObjectMapper().readTree(line));
    }
    return lines;
  }

  private void assertNothingIsLeft() throws Exception {
    assertThat(disk).isEmptyDirectory();
    assertThat(pm).isEmptyDirectory();
  }
}
