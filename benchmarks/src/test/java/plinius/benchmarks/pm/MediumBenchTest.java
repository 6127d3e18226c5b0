package plinius.benchmarks.pm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.benchmarks.Main;

/** That each kind of point is measured and said; how fast it is nobody asserts. */
class MediumBenchTest {
  @TempDir private Path folder;

  @Test
  void each_size_is_measured_in_a_row_and_anywhere_loaded_and_stored() throws IOException {
    Path file = Files.write(folder.resolve("medium"), new byte[1 << 20]);

    List<MediumBench.Point> points = MediumBench.measure(file, new int[] {64, 4096}, 1_000_000);

    List<String> kinds = new ArrayList<>();
    for (MediumBench.Point point : points) {
      kinds.add(
          (point.write() ? "w" : "r") + (point.random() ? "?" : "+") + " " + point.blockBytes());
      assertThat(point.bytesPerSecond()).isPositive();
      assertThat(point.nanosPerBlock()).isPositive();
      if (point.write()) {
        double rate = point.blockBytes() * 1e9 / point.nanosPerBlock();
        assertThat(point.bytesPerSecond()).isCloseTo(rate, within(1e-6 * rate));
      }
    }
    assertThat(kinds)
        .containsExactly(
            "r+ 64", "r+ 4096", "r? 64", "r? 4096", "w+ 64", "w+ 4096", "w? 64", "w? 4096");
    assertThat(file).hasSize(1 << 20);
  }

  private String run(String... more) {
    List<String> words =
        new ArrayList<>(
            List.of(
                "bench",
                "pm",
                "--pm",
                folder.toString(),
                "--file",
                folder.toString(),
                "--megabytes",
                "2",
                "--milliseconds",
                "1",
                "--pools",
                "2"));
    words.addAll(List.of(more));
    ByteArrayOutputStream told = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(told, true, StandardCharsets.UTF_8));
    try {
      assertThat(Main.run(words.toArray(String[]::new))).isZero();
    } finally {
      System.setOut(before);
    }
    return told.toString(StandardCharsets.UTF_8);
  }

  @Test
  void programs_get_a_line_for_each_point_and_each_pool() {
    List<String> lines = run("--json").lines().toList();

    List<String> points = lines.stream().filter(l -> l.contains("\"bench\":\"pm\"")).toList();
    assertThat(points.size()).isIn(2 * 32, 3 * 32); // with and without tmpfs
    assertThat(points)
        .allSatisfy(point -> assertThat(point).contains("bytesPerSecond", "nanosPerBlock"))
        .anySatisfy(point -> assertThat(point).contains("ordinary file", "write", "random"));
    assertThat(lines.stream().filter(l -> l.contains("\"bench\":\"pm-recovery\""))).hasSize(2);
  }

  @Test
  void people_get_tables_of_bandwidth_and_latency_and_a_plot() throws IOException {
    Path plot = folder.resolve("pm.svg");

    String tables = run("--plot", plot.toString());

    assertThat(tables).contains("MB/s", "us a block", "random, write", "recovery ms");
    assertThat(plot).content().startsWith("<svg").contains("GB/s", "us a block", "Recovery");
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactly(plot);
    }
  }
}
