package plinius.evaluation.process;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import plinius.cli.ExitCode;
import plinius.cli.Installation;
import plinius.cli.Refusal;

/**
 * The product's commands as users run them, but for the launcher's check whether a build is due.
 */
public final class Product {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Installation installation;
  private final Path platform;

  /**
   * A product.
   *
   * @param platform where the simulated platform shall keep what a processor has in its fuses
   */
  public Product(Installation installation, Path platform) {
    this.installation = installation;
    this.platform = platform;
  }

  public Path root() {
    return installation.root();
  }

  /** The enclave's image. */
  public Path image() {
    return installation.existingImage();
  }

  /** Starts a command; each JSON line is told while the command runs. */
  public Running start(Consumer<Event> listener, Object... arguments) {
    List<String> command = new ArrayList<>();
    command.add(installation.java().toString());
    command.addAll(List.of("-XX:+UseSerialGC", "--enable-native-access=plinius.pmem"));
    command.add("-Dplinius.root=" + installation.root());
    command.add("-Dplinius.image=" + image());
    command.add("-Dplinius.platform=" + platform);
    command.addAll(List.of("-p", modules().toString(), "-m", "plinius.cli/plinius.cli.Main"));
    Arrays.stream(arguments).map(Object::toString).forEach(command::add);
    try {
      long began = System.nanoTime();
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      return new Running(process, began, Arrays.toString(arguments), listener);
    } catch (IOException e) {
      throw new Refusal(ExitCode.INTERNAL, "cannot start " + command.getFirst() + ": " + e);
    }
  }

  /** Runs a command to its end. */
  public Ended run(Object... arguments) {
    return start(event -> {}, arguments).end();
  }

  private Path modules() {
    return installation.root().resolve("cli/target/modules");
  }

  /** A command that runs. */
  public static final class Running {
    private final Process process;
    private final ProcessEnd end;
    private final long began;
    private final String command;
    private final List<Event> events = new ArrayList<>();
    private final List<String> said = new ArrayList<>();
    private final Thread reader;
    private volatile boolean killed;

    private Running(Process process, long began, String command, Consumer<Event> listener) {
      this.process = process;
      this.end = ProcessEnd.with(process);
      this.began = began;
      this.command = command;
      this.reader = Thread.ofVirtual().start(() -> read(listener));
    }

    private void read(Consumer<Event> listener) {
      try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          Optional<Event> event = parse(line);
          if (event.isEmpty()) {
            synchronized (this) {
              said.add(line);
            }
            continue;
          }
          synchronized (this) {
            events.add(event.get());
          }
          listener.accept(event.get());
        }
      } catch (IOException e) {
        // The stream of a killed process may break instead of ending.
      }
    }

    private Optional<Event> parse(String line) {
      if (line.startsWith("{")) {
        try {
          return Optional.of(new Event(System.nanoTime() - began, JSON.readTree(line)));
        } catch (JsonProcessingException e) {
          // Half a line of a process that was killed, or text for people.
        }
      }
      return Optional.empty();
    }

    /** Kills owner, host and enclave with SIGKILL, as the loss of the machine does. */
    public void kill() {
      killed = true;
      ProcessEnd.kill(process);
    }

    public boolean isAlive() {
      return process.isAlive();
    }

    /** The last iteration that was told, 0 before the first. */
    public synchronized int iteration() {
      for (int i = events.size() - 1; i >= 0; i--) {
        if (events.get(i).kind().equals("iteration")) {
          return events.get(i).iteration();
        }
      }
      return 0;
    }

    /** The processes that it started. */
    public List<ProcessHandle> below() {
      return process.descendants().toList();
    }

    /** Waits for the end. */
    public Ended end() {
      try {
        int code = process.waitFor();
        reader.join();
        end.close();
        synchronized (this) {
          return new Ended(
              code,
              killed,
              System.nanoTime() - began,
              List.copyOf(events),
              List.copyOf(said),
              command);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new Refusal(ExitCode.STOPPED, "interrupted while " + command + " was running");
      }
    }
  }

  /**
   * A command that has ended.
   *
   * @param killed whether {@link Running#kill} ended it, or tried to
   * @param nanos from its start to its end
   * @param said its lines that are no JSON objects
   */
  public record Ended(
      int code, boolean killed, long nanos, List<Event> events, List<String> said, String command) {

    /** This command, which must have ended well. */
    public Ended expectDone() {
      if (code != 0) {
        throw new Refusal(
            ExitCode.INTERNAL,
            command
                + " ended with exit code "
                + code
                + ": "
                + find("error")
                    .map(event -> event.fields().path("reason").asText())
                    .orElseGet(() -> String.join("\n", said)));
      }
      return this;
    }

    public Optional<Event> find(String kind) {
      return events.stream().filter(event -> event.kind().equals(kind)).findFirst();
    }

    /** The only or the first event of a kind, which must be there. */
    public Event get(String kind) {
      return find(kind)
          .orElseThrow(
              () -> new Refusal(ExitCode.INTERNAL, command + " reported no event " + kind));
    }

    public List<Event> iterations() {
      return events.stream().filter(event -> event.kind().equals("iteration")).toList();
    }

    /** The digest of the state in which training ended. */
    public String state() {
      return get("done").fields().path("state").asText();
    }
  }
}
