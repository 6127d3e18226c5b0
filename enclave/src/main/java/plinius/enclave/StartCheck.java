package plinius.enclave;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Refuses to run otherwise than measured: with other arguments, or with an environment, through
 * which JAVA_TOOL_OPTIONS and its like would reach the virtual machine.
 */
final class StartCheck {
  /** All that may stand on the command line behind the program; the measurement covers it. */
  static final List<String> ARGUMENTS = List.of("-m", "plinius.enclave/plinius.enclave.Main");

  private StartCheck() {}

  /** Throws {@link EnclaveException.BadStart} unless this process is as it was measured. */
  static void check() {
    Map<String, String> environment = System.getenv();
    if (!environment.isEmpty()) {
      throw new EnclaveException.BadStart(
          "the enclave was started with an environment of %d variables; start it with none"
              .formatted(environment.size()));
    }
    if (!arguments().equals(ARGUMENTS)) {
      throw new EnclaveException.BadStart(
          "the enclave was started with other arguments than were measured; start it with "
              + String.join(" ", ARGUMENTS));
    }
  }

  private static List<String> arguments() {
    try {
      String line = Files.readString(Path.of("/proc/self/cmdline"), StandardCharsets.UTF_8);
      List<String> words = List.of(line.split("\0"));
      return words.subList(1, words.size());
    } catch (IOException e) {
      throw new EnclaveException.BadStart("cannot read this process's own arguments: " + e);
    }
  }
}
