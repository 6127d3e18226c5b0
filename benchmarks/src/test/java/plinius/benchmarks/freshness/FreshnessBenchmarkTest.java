package plinius.benchmarks.freshness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FreshnessBenchmarkTest {
  @TempDir private Path work;

  /**
   * The key and the data were made by the verbs, whose words for people ("made ...", "sealed ...")
   * stood between the JSON lines on standard output and broke whoever read those.
   */
  @Test
  void what_it_prepares_is_not_told_where_the_figures_go() throws IOException {
    ByteArrayOutputStream told = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(told, true, StandardCharsets.UTF_8));
    try {
      FreshnessBenchmark.prepare(work);
    } finally {
      System.setOut(before);
    }

    assertThat(told.toString(StandardCharsets.UTF_8)).isEmpty();
    assertThat(work).isDirectoryContaining("glob:**.key").isDirectoryContaining("glob:**.sealed");
  }
}
