package plinius.cli.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import plinius.boundary.HostMessage.Mode;
import plinius.cli.ExitCode;
import plinius.cli.HostProcess;
import plinius.cli.Installation;
import plinius.cli.Owner;
import plinius.cli.Refusal;
import plinius.cli.RunRequest;
import plinius.cli.Terminal;
import plinius.host.KillAt;

/** The runs of the demonstration: what train and test do, with their events read. */
final class DemoRuns {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Installation installation;
  private final Path key;
  private final Path cfg;

  DemoRuns(Installation installation, Path key, Path cfg) {
    this.installation = installation;
    this.key = key;
    this.cfg = cfg;
  }

  /** Trains to the end, or until it is killed. */
  Ended train(Path data, Path pm, Optional<KillAt> killAt) {
    return run(Mode.TRAIN, data, pm, killAt);
  }

  /** Tests. */
  Ended test(Path data, Path pm) {
    return run(Mode.TEST, data, pm, Optional.empty());
  }

  private Ended run(Mode mode, Path data, Path pm, Optional<KillAt> killAt) {
    RunRequest request =
        new RunRequest(
            mode,
            cfg,
            Map.of(),
            data,
            pm,
            Runtime.getRuntime().availableProcessors(),
            false,
            true,
            killAt,
            Optional.empty(),
            RunRequest.Training.NONE,
            RunRequest.Question.NONE);
    List<JsonNode> events = new ArrayList<>();
    List<String> said = new ArrayList<>();
    try (Owner owner = Owner.start(installation, key, Optional.empty(), 0)) {
      int code =
          HostProcess.run(installation, owner.prepare(request), line -> sort(line, events, said));
      return new Ended(code, events, said);
    }
  }

  private static void sort(String line, List<JsonNode> events, List<String> said) {
    try {
      if (line.startsWith("{")) {
        events.add(JSON.readTree(line));
        return;
      }
    } catch (JsonProcessingException e) {
      // A line for people that happens to begin like an object.
      said.add(line);
      return;
    }
    said.add(line);
  }

  /**
   * A run that has ended.
   *
   * @param code the host's exit code
   * @param events its JSON lines
   * @param said what it said to people
   */
  record Ended(int code, List<JsonNode> events, List<String> said) {
    Ended {
      events = List.copyOf(events);
      said = List.copyOf(said);
    }

    /** This run, which must have ended so. */
    Ended expect(ExitCode want) {
      if (code != want.code()) {
        said.forEach(Terminal.err()::println);
        throw new Refusal(
            ExitCode.INTERNAL,
            "a run of the demonstration ended with exit code "
                + code
                + " instead of "
                + want.code()
                + find("error").map(event -> ": " + event.path("reason").asText()).orElse(""));
      }
      return this;
    }

    Optional<JsonNode> find(String kind) {
      return events.stream().filter(event -> event.path("event").asText().equals(kind)).findAny();
    }

    JsonNode get(String kind) {
      return find(kind)
          .orElseThrow(
              () -> new Refusal(ExitCode.INTERNAL, "a run reported no event \"" + kind + "\""));
    }
  }
}
