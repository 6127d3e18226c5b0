package plinius.simd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A virtual machine with options of its own, and what it prints. */
final class ChildJvm {
  /** Of the enclave's image (build/image.sh), as far as the kernels' code depends on them. */
  static final List<String> OPTIONS_OF_THE_IMAGE =
      List.of(
          "--add-modules",
          "jdk.incubator.vector",
          "-XX:+UseParallelGC",
          "@" + System.getProperty("plinius.root", "..") + "/build/kernels.args");

  private ChildJvm() {}

  /** Runs a class with this one's path; it must end well. */
  static String run(List<String> options, Class<?> main, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + "/bin/java");
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isZero();
    return out.strip();
  }
}
