package plinius.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The host as a process, with an enclave that says nothing. */
class MainTest {
  @TempDir private Path folder;

  /** A shutdown hook waits for the end of the main thread, which a stack trace is not. */
  @Test
  void a_defect_is_told_and_ends_the_process() throws Exception {
    Process host = host("--data", "/"); // a path without a name, which no verb lets through
    try {
      assertThat(host.waitFor(60, TimeUnit.SECONDS)).as("the host has ended").isTrue();
      String said = new String(host.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(host.exitValue()).as(said).isEqualTo(70);
      assertThat(said)
          .contains("internal error of the host, please report it", " at plinius.host.");
    } finally {
      host.destroyForcibly();
    }
  }

  /** Its standard input stays open. */
  private Process host(String... more) throws Exception {
    Path java = folder.resolve("image/bin/java");
    Files.createDirectories(java.getParent());
    Files.writeString(java, "#!/bin/sh\nexec sleep 600\n");
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
    Path cfg = Files.writeString(folder.resolve("net.cfg"), "[net]\n");
    List<String> command =
        new ArrayList<>(
            List.of(
                System.getProperty("java.home") + "/bin/java",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    command.addAll(List.of("--mode", "train", "--image", folder.resolve("image").toString()));
    command.addAll(List.of("--pm", folder.resolve("pm").toString(), "--cfg", cfg.toString()));
    command.addAll(List.of("--data-id", "0".repeat(32), "--job-id", "0".repeat(32)));
    command.addAll(List.of("--broker", "https://127.0.0.1:1", "--pin", "0".repeat(64)));
    command.addAll(List.of(more));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }
}
