package plinius.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where this installation has its parts. The launcher names them in system properties; without them
 * the current folder counts as the root.
 *
 * @param root the folder of the launcher
 * @param image the enclave's image
 * @param java the Java launcher that runs this process
 * @param modulePath where the modules of this process come from
 * @param platform where the simulated platform keeps what a real processor has in its fuses
 */
public record Installation(Path root, Path image, Path java, String modulePath, Path platform) {

  /**
   * The installation to which this process belongs.
   *
   * @return where its parts should be
   */
  public static Installation current() {
    Path root = property("plinius.root").map(Path::of).orElse(Path.of("")).toAbsolutePath();
    return new Installation(
        root,
        property("plinius.image").map(Path::of).orElse(root.resolve("target/image")),
        Path.of(System.getProperty("java.home"), "bin", "java"),
        property("jdk.module.path").orElse(root.resolve("cli/target/modules").toString()),
        property("plinius.platform").map(Path::of).orElseGet(Installation::platformOfUser));
  }

  /** The JVM's options that the kernels' speed depends on, one a line. */
  public Path kernelOptions() {
    return root.resolve("build/kernels.args");
  }

  /** The archive of this process's and the host's classes; both start without it, too. */
  Path archive() {
    return root.resolve("cli/target/classes.jsa");
  }

  /**
   * The enclave's image, where links end: an image is never rewritten, but the link may change.
   *
   * @return an existing folder
   */
  public Path existingImage() {
    if (!Files.isExecutable(image.resolve("bin/java"))) {
      throw new Refusal(
          ExitCode.UNAVAILABLE,
          "the enclave's image is missing: there is no "
              + image.resolve("bin/java")
              + ". Run ./plinius, which builds it, or name one with -Dplinius.image");
    }
    try {
      return image.toRealPath();
    } catch (IOException e) {
      throw new Refusal(ExitCode.UNAVAILABLE, "cannot follow " + image + ": " + Failures.why(e));
    }
  }

  private static Optional<String> property(String name) {
    return Optional.ofNullable(System.getProperty(name)).filter(value -> !value.isEmpty());
  }

  private static Path platformOfUser() {
    Path state =
        Optional.ofNullable(System.getenv("XDG_STATE_HOME"))
            .filter(home -> !home.isEmpty())
            .map(Path::of)
            .orElse(Path.of(System.getProperty("user.home"), ".local", "state"));
    return state.resolve("plinius").resolve("simulated-platform");
  }
}
