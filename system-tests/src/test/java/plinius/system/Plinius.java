package plinius.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The command as users run it, but for the launcher's check whether a build is due. */
final class Plinius {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path ROOT =
      Path.of(System.getProperty("plinius.root", "..")).toAbsolutePath().normalize();

  private final Path java;
  private final Path image;
  private final Path platform;

  private Plinius(Path java, Path image, Path platform) {
    this.java = java;
    this.image = image;
    this.platform = platform;
  }

  /**
   * The installation that this build made; without one the tests are skipped and say why.
   *
   * @param platform where the simulated platform shall keep its keys
   */
  static Plinius installed(Path platform) {
    Path image =
        Optional.ofNullable(System.getProperty("plinius.image"))
            .filter(name -> !name.isEmpty())
            .map(Path::of)
            .orElse(ROOT.resolve("target/image"));
    assumeTrue(
        Files.isExecutable(image.resolve("bin/java")),
        () ->
            "no enclave image at " + image + ": build/image.sh makes it, -Dplinius.image names it");
    assumeTrue(
        Files.isDirectory(modules()),
        () -> "no jars at " + modules() + ": mvn package -pl cli,enclave -am makes them");
    return new Plinius(Path.of(System.getProperty("java.home"), "bin", "java"), image, platform);
  }

  static Path root() {
    return ROOT;
  }

  Path image() {
    return image;
  }

  /** The same installation with another enclave. */
  Plinius withImage(Path other) {
    return new Plinius(java, other, platform);
  }

  private static Path modules() {
    return ROOT.resolve("cli/target/modules");
  }

  /** Runs the command to its end. */
  Run run(Object... arguments) {
    return start(arguments).end();
  }

  /** Starts the command. */
  Running start(Object... arguments) {
    List<String> command = new ArrayList<>();
    command.add(java.toString());
    command.add("@" + ROOT.resolve("build/launcher.args"));
    command.add("-XX:SharedArchiveFile=" + ROOT.resolve("cli/target/classes.jsa"));
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-Dplinius.root=" + ROOT);
    command.add("-Dplinius.image=" + image);
    command.add("-Dplinius.platform=" + platform);
    command.addAll(List.of("-p", modules().toString(), "-m", "plinius.cli/plinius.cli.Main"));
    Arrays.stream(arguments).map(Object::toString).forEach(command::add);
    try {
      Path out = Files.createTempFile("plinius", ".out");
      Path err = Files.createTempFile("plinius", ".err");
      Process process =
          new ProcessBuilder(command)
              .redirectInput(ProcessBuilder.Redirect.PIPE)
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      return new Running(process, out, err, List.copyOf(command.subList(7, command.size())));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A command that runs. */
  record Running(Process process, Path out, Path err, List<String> command) {
    private static final long LIMIT_SECONDS = 600;

    Run end() {
      try {
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
          process.descendants().forEach(ProcessHandle::destroyForcibly);
          process.destroyForcibly();
          throw new AssertionError(command + " did not end within " + LIMIT_SECONDS + " s");
        }
        Run run =
            new Run(process.exitValue(), Files.readString(out), Files.readString(err), command);
        Files.deleteIfExists(out);
        Files.deleteIfExists(err);
        return run;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted", e);
      }
    }

    /** Waits until the command has written something to standard output. */
    void awaitOutput(String text) {
      long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
      try {
        while (!Files.readString(out).contains(text)) {
          if (!process.isAlive() && !Files.readString(out).contains(text)) {
            throw new AssertionError(command + " ended before it wrote " + text + ": " + end());
          }
          assertThat(System.nanoTime()).as("waiting for " + text).isLessThan(limit);
          Thread.sleep(5);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted", e);
      }
    }

    /** Sends the host a signal: STOP holds the whole run, CONT lets it go on. */
    void signalHost(String signal) {
      String pid = Long.toString(below("plinius.host").orElseThrow().pid());
      try {
        assertThat(new ProcessBuilder("kill", "-" + signal, pid).start().waitFor()).isZero();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError(e);
      }
    }

    /** The process below the command whose command line contains a text. */
    Optional<ProcessHandle> below(String text) {
      return process
          .descendants()
          .filter(handle -> handle.info().commandLine().orElse("").contains(text))
          .findFirst();
    }
  }

  /** A command that has ended. */
  record Run(int exitCode, String out, String err, List<String> command) {
    Run expect(int code) {
      assertThat(exitCode).as("exit code of %s%n%s%n%s", command, tail(out), err).isEqualTo(code);
      assertThat(out + err)
          .as("what people see of a failure is a message, no stack trace")
          .doesNotContain("\tat ")
          .doesNotContain("Exception in thread");
      return this;
    }

    /** The first event of a kind in what a run has written so far. */
    static JsonNode firstEvent(String out, String kind) {
      return new Run(0, out, "", List.of()).events(kind).getFirst();
    }

    /** The events of a kind, in the order in which they came. */
    List<JsonNode> events(String kind) {
      return out.lines()
          .filter(line -> line.startsWith("{"))
          .map(Run::parse)
          .filter(event -> event.path("event").asText().equals(kind))
          .toList();
    }

    /** Why it failed, as programs are told. */
    String reason() {
      JsonNode error = event("error");
      assertThat(error.path("code").asInt()).isEqualTo(exitCode);
      return error.path("reason").asText();
    }

    JsonNode event(String kind) {
      List<JsonNode> events = events(kind);
      assertThat(events).as("events %s of %s%n%s%n%s", kind, command, tail(out), err).hasSize(1);
      return events.getFirst();
    }

    /** The state in which training ended. */
    String state() {
      String state = event("done").path("state").asText();
      assertThat(state).matches("[0-9a-f]{64}");
      return state;
    }

    private static JsonNode parse(String line) {
      try {
        return JSON.readTree(line);
      } catch (JsonProcessingException e) {
        throw new AssertionError("no JSON line: " + line, e);
      }
    }

    private static String tail(String text) {
      List<String> lines = text.lines().toList();
      return String.join("\n", lines.subList(Math.max(0, lines.size() - 12), lines.size()));
    }
  }
}
