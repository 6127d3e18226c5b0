package plinius.benchmarks.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import plinius.benchmarks.Main;
import plinius.kernel.Kernels;

class KernelsBenchmarkTest {
  private static final String[] QUICK = {
    "bench", "kernels", "--rounds", "1", "--batch", "2", "--megabytes", "1"
  };

  @Test
  void every_kernel_is_measured() {
    Set<String> all =
        Arrays.stream(Kernels.class.getMethods())
            .filter(m -> !Modifier.isStatic(m.getModifiers()) && m.getParameterCount() > 0)
            .map(Method::getName)
            .collect(Collectors.toSet());

    List<Work> works = KernelWorks.of(Kernels.best(), new Room(), 1, 1000, "");

    assertThat(works.stream().map(Work::kernel).collect(Collectors.toSet())).isEqualTo(all);
    assertThat(works.stream().map(Work::label)).doesNotHaveDuplicates();
    assertThat(works).allMatch(work -> work.amount() > 0);
  }

  @Test
  void programs_get_each_kernels_share_of_what_bounds_it() throws Exception {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : measure("--only", "64 channels, RELU", "--json").lines().toList()) {
      lines.add(new ObjectMapper().readTree(line));
    }

    assertThat(lines.stream().map(line -> line.get("kernel").asText()))
        .containsExactly("peak", "copy", "normalize", "normalizeSums");
    assertThat(lines.stream().map(line -> line.get("bound").asText()))
        .containsExactly("arithmetic", "memory", "memory", "memory");
    assertThat(lines).allMatch(line -> line.get("share").asDouble() > 0);
    assertThat(lines.get(0).get("share").asDouble()).isEqualTo(1);
    assertThat(lines.get(0).get("gigaflops").asDouble()).isPositive();
    assertThat(lines.get(2).get("gigabytesPerSecond").asDouble())
        .isEqualTo(
            lines.get(2).get("share").asDouble()
                * lines.get(1).get("gigabytesPerSecond").asDouble(),
            org.assertj.core.data.Offset.offset(1e-6));
  }

  @Test
  void people_get_convolutions_with_their_way_and_threads_share_the_work() {
    String told = measure("--only", "10 at 7 x 7", "--threads", "2");

    assertThat(told.lines()).hasSize(6);
    assertThat(told)
        .contains("threads 2")
        .contains("convForward", "convBackwardData", "convBackwardWeights")
        .contains("128 -> 10 at 7 x 7, 1 x 1, direct, batch 2");
  }

  @Test
  void what_names_no_kernel_is_a_mistake_of_usage() {
    assertThat(run("--only", "nothing like it")).isEqualTo(64);
    assertThat(run("--threads", "0")).isEqualTo(64);
  }

  private static int run(String... more) {
    String[] arguments = Arrays.copyOf(QUICK, QUICK.length + more.length);
    System.arraycopy(more, 0, arguments, QUICK.length, more.length);
    return Main.run(arguments);
  }

  private static String measure(String... more) {
    ByteArrayOutputStream told = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(told, true, StandardCharsets.UTF_8));
    try {
      assertThat(run(more)).isZero();
    } finally {
      System.setOut(before);
    }
    return told.toString(StandardCharsets.UTF_8);
  }
}
