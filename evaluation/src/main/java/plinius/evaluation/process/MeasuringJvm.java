package plinius.evaluation.process;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import plinius.cli.ExitCode;
import plinius.cli.Installation;
import plinius.cli.Refusal;

/**
 * A virtual machine of its own for something that is measured, with the options of the enclave's
 * image: what ran before in this process warms or disturbs nothing. Its lines are JSON objects.
 */
public final class MeasuringJvm {
  private static final ObjectMapper JSON = new ObjectMapper();

  private MeasuringJvm() {}

  /**
   * Runs a class of this module to its end.
   *
   * @return its JSON lines
   * @throws Refusal with what it said last, if it failed
   */
  public static List<JsonNode> run(Class<?> main, String... arguments) {
    return run(main, line -> {}, arguments);
  }

  /**
   * Runs a class of this module to its end.
   *
   * @param told each JSON line when it comes
   * @return all of them
   * @throws Refusal with what it said last, if it failed
   */
  public static List<JsonNode> run(Class<?> main, Consumer<JsonNode> told, String... arguments) {
    ProcessBuilder builder = new ProcessBuilder(command(main, arguments));
    builder.redirectErrorStream(true);
    List<JsonNode> found = new ArrayList<>();
    List<String> said = new ArrayList<>();
    try {
      Process process = builder.start();
      process.getOutputStream().close();
      try (ProcessEnd end = ProcessEnd.with(process);
          BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
        lines
            .lines()
            .forEach(
                line -> {
                  int before = found.size();
                  sort(line, found, said);
                  found.subList(before, found.size()).forEach(told);
                });
        int code = process.waitFor();
        if (code != 0) {
          throw new Refusal(
              ExitCode.INTERNAL,
              main.getSimpleName() + " ended with " + code + ": " + String.join("\n", said));
        }
        assert end != null;
      }
    } catch (IOException e) {
      throw new Refusal(ExitCode.INTERNAL, "cannot run " + main.getSimpleName() + ": " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Refusal(ExitCode.STOPPED, "interrupted");
    }
    return found;
  }

  private static void sort(String line, List<JsonNode> found, List<String> said) {
    if (line.startsWith("{")) {
      try {
        found.add(JSON.readTree(line));
        return;
      } catch (JsonProcessingException e) {
        // Not one of ours: it goes to what was said.
      }
    }
    said.add(line);
  }

  /** The command line, on the module path where this process has one, else on its class path. */
  static List<String> command(Class<?> main, String... arguments) {
    String modules = System.getProperty("jdk.module.path", "");
    boolean named = main.getModule().isNamed();
    String pmem = named ? "plinius.pmem" : "ALL-UNNAMED";
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-XX:+UseParallelGC",
            "-XX:-UsePerfData",
            "-Xms2g",
            "-Xmx3g",
            "@" + Installation.current().kernelOptions(),
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=" + (named ? "plinius.pmem,plinius.evaluation" : pmem),
            "--add-exports=java.base/jdk.internal.misc=" + pmem,
            "--add-modules=jdk.incubator.vector" + (named ? ",plinius.simd" : "")));
    if (named) {
      // What is measured by itself; the trusted part opens itself to nobody for that.
      command.add("--add-exports=plinius.enclave/plinius.enclave.mirror=plinius.evaluation");
    }
    command.addAll(
        named
            ? List.of(
                "-p",
                modules + File.pathSeparator + enclave(),
                "-m",
                main.getModule().getName() + "/" + main.getName())
            : List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    return command;
  }

  /** Where the fast kernels lie, which this process itself has no use for. */
  private static Path enclave() {
    return Installation.current().root().resolve("enclave/target/modules");
  }
}
