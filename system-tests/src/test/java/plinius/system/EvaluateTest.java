package plinius.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a reader of the paper runs first: every experiment, by the launcher in the root. */
@Tag("long")
class EvaluateTest {
  /** Ten minutes on two quiet cores, the build before it, and a machine that others use too. */
  private static final long MINUTES_MAX = 60;

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  @Test
  void a_quick_evaluation_runs_every_experiment_and_leaves_a_complete_summary() throws Exception {
    List<String> names = evaluate("--list").lines().map(line -> line.split(" ", 2)[0]).toList();
    assertThat(names).contains("mirror", "crash", "spot").doesNotHaveDuplicates();
    Path out = folder.resolve("out");

    evaluate("--quick", "--out", out.toString());

    JsonNode summary = JSON.readTree(out.resolve("summary.json").toFile());
    assertThat(summary.path("effort").asText()).isEqualTo("quick");
    assertThat(summary.path("machine").path("processor").asText()).isNotEmpty();
    List<String> told = new ArrayList<>();
    for (JsonNode claim : summary.get("claims")) {
      told.add(claim.get("experiment").asText() + ": " + claim.get("name").asText());
      // With a bar there is a verdict, without one there is none.
      assertThat(claim.get("met").isNull()).as(told.getLast()).isEqualTo(claim.get("bar").isNull());
      assertThat(claim.get("measured").isNumber()).as(told.getLast()).isTrue();
    }
    List<String> found = new ArrayList<>();
    String report = Files.readString(out.resolve("report.html"));
    for (String name : names) {
      JsonNode findings = JSON.readTree(out.resolve(name).resolve("findings.json").toFile());
      assertThat(findings.get("notes").toString()).as(name).doesNotContain("Not run:");
      assertThat(findings.get("claims")).as("claims of " + name).isNotEmpty();
      assertThat(findings.get("figures").isEmpty()).as("figures of " + name).isFalse();
      findings.get("claims").forEach(claim -> found.add(name + ": " + claim.get("name").asText()));
      assertThat(report).contains("<section id=\"" + name + "\">");
    }
    assertThat(told).containsExactlyElementsOf(found);
    assertThat(folder.resolve("out").toFile().list((at, name) -> name.startsWith("plinius-")))
        .as("folders to work in")
        .isEmpty();
  }

  /** Runs the launcher, which builds what is missing, and gives its standard output. */
  private String evaluate(String... options) throws IOException, InterruptedException {
    Path said = Files.createTempFile(folder, "said", ".txt");
    Path errors = Files.createTempFile(folder, "errors", ".txt");
    List<String> command = new ArrayList<>();
    command.add(Plinius.root().resolve("plinius").toString());
    command.add("evaluate");
    command.addAll(Arrays.asList(options));
    Process process =
        new ProcessBuilder(command)
            .directory(Plinius.root().toFile())
            .redirectOutput(said.toFile())
            .redirectError(errors.toFile())
            .start();
    try {
      assertThat(process.waitFor(MINUTES_MAX, TimeUnit.MINUTES))
          .as("%s ended within %d minutes: %s", command, MINUTES_MAX, Files.readString(errors))
          .isTrue();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    assertThat(process.exitValue())
        .as("%s%n%s%n%s", command, Files.readString(said), Files.readString(errors))
        .isZero();
    return Files.readString(said);
  }
}
