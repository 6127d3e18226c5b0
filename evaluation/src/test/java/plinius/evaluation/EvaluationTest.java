package plinius.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;
import plinius.evaluation.experiments.Experiments;

class EvaluationTest {
  @TempDir private Path out;

  private final List<String> ran = new ArrayList<>();
  private final List<String> told = new ArrayList<>();

  private final class Named implements Experiment {
    private final String name;
    private final double measured;

    Named(String name, double measured) {
      this.name = name;
      this.measured = measured;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public String title() {
      return "The " + name;
    }

    @Override
    public String paper() {
      return "nothing";
    }

    @Override
    public Duration estimate(Laboratory.Effort effort) {
      return Duration.ofSeconds(effort == Laboratory.Effort.QUICK ? 60 : 600);
    }

    @Override
    public Findings run(Laboratory laboratory) {
      ran.add(name);
      if (Double.isNaN(measured)) {
        throw new Refusal(ExitCode.UNAVAILABLE, "the broker is out of reach");
      }
      if (measured == Double.POSITIVE_INFINITY) {
        throw new IllegalStateException("no time said");
      }
      if (measured == Double.NEGATIVE_INFINITY) {
        throw new AssertionError("lost");
      }
      if (measured < 0) {
        throw new Unavailable("there is no " + name);
      }
      return new Findings.Builder()
          .table(Table.of("data", "x", "y").add(1, measured).add(2, 2 * measured).done())
          .figure(
              Figure.of(
                  "Figure of " + name,
                  "data",
                  Figure.Kind.LINE,
                  "x",
                  Figure.Axis.linear("x"),
                  "y",
                  Figure.Axis.linear("y")))
          .claim(Claim.atLeast(5, "as large as five", measured, "x", "3.2x"))
          .build();
    }
  }

  private void evaluate(Laboratory.Effort effort, Experiment... experiments) {
    new Evaluation(out, effort, () -> new Machine(Map.of("date", "today")), told::add)
        .run(List.of(experiments), List.of(experiments), null);
  }

  @Test
  void each_claim_is_in_the_summary_with_its_bar_and_the_papers_value() throws IOException {
    evaluate(Laboratory.Effort.QUICK, new Named("small", 4), new Named("large", 6));

    JsonNode claims =
        FindingsFile.JSON.readTree(out.resolve("summary.json").toFile()).get("claims");
    assertThat(claims).hasSize(2);
    assertThat(claims.get(0).get("measured").asDouble()).isEqualTo(4);
    assertThat(claims.get(0).get("bar").asText()).isEqualTo("at least 5x");
    assertThat(claims.get(0).get("paper").asText()).isEqualTo("3.2x");
    assertThat(claims.get(0).get("met").asBoolean()).isFalse();
    assertThat(claims.get(1).get("met").asBoolean()).isTrue();
    assertThat(Files.readString(out.resolve("report.html")))
        .contains("1 of 2 bars met, 1 missed")
        .contains("The small")
        .contains("today");
  }

  @Test
  void what_has_ended_is_kept_and_only_the_rest_runs() {
    evaluate(Laboratory.Effort.QUICK, new Named("one", 1));

    evaluate(Laboratory.Effort.QUICK, new Named("one", 2), new Named("two", 2));

    assertThat(ran).containsExactly("one", "two");
    assertThat(FindingsFile.read(out.resolve("one")).orElseThrow().claims().getFirst().measured())
        .hasValue(1);
  }

  @Test
  void to_run_some_again_takes_nothing_from_the_report() throws IOException {
    List<Experiment> known = List.of(new Named("one", 1), new Named("two", 2));
    evaluate(Laboratory.Effort.FULL, known.toArray(new Experiment[0]));
    Files.delete(out.resolve("two").resolve("findings.json"));

    new Evaluation(
            out, Laboratory.Effort.FULL, () -> new Machine(Map.of("date", "today")), told::add)
        .run(List.of(new Named("two", 7)), known, null);

    JsonNode claims =
        FindingsFile.JSON.readTree(out.resolve("summary.json").toFile()).get("claims");
    assertThat(claims)
        .extracting(claim -> claim.get("measured").asDouble())
        .containsExactly(1d, 7d);
    assertThat(Files.readString(out.resolve("report.html"))).contains("The one", "The two");
  }

  @Test
  void quick_findings_are_not_in_the_report_of_a_full_run() throws IOException {
    evaluate(Laboratory.Effort.QUICK, new Named("one", 1));

    new Evaluation(
            out, Laboratory.Effort.FULL, () -> new Machine(Map.of("date", "today")), told::add)
        .run(List.of(new Named("two", 2)), List.of(new Named("one", 1), new Named("two", 2)), null);

    JsonNode claims =
        FindingsFile.JSON.readTree(out.resolve("summary.json").toFile()).get("claims");
    assertThat(claims).extracting(claim -> claim.get("measured").asDouble()).containsExactly(2d);
  }

  @Test
  void the_progress_says_what_runs_and_about_how_long_it_and_the_rest_take() {
    evaluate(Laboratory.Effort.FULL, new Named("one", 1));

    evaluate(Laboratory.Effort.FULL, new Named("one", 1), new Named("two", 2));

    assertThat(told)
        .anyMatch(line -> line.startsWith("[1/1] one: The one; about 10 min"))
        .anyMatch(line -> line.startsWith("[1/2] one: has ended before, kept"))
        .anyMatch(line -> line.matches("\\[2/2\\] two: ended after [0-9]+ s"));
  }

  /** On two slow cores, and with a margin: estimates are no promises. */
  @Test
  void by_their_estimates_a_quick_run_takes_ten_minutes_and_a_full_one_forty() {
    for (Laboratory.Effort effort : Laboratory.Effort.values()) {
      long seconds =
          Experiments.all().stream().mapToLong(one -> one.estimate(effort).toSeconds()).sum();

      assertThat(seconds).isLessThan(effort == Laboratory.Effort.QUICK ? 600 : 2400);
    }
  }

  @Test
  void what_is_to_come_is_estimated_by_how_long_others_took() {
    Experiment one = new Named("one", 1);
    Experiment two = new Named("two", 2);
    Pace pace = new Pace(Laboratory.Effort.FULL, List.of(one, two));
    assertThat(pace.words(one)).isEqualTo("about 10 min, all that is to come about 20 min");

    pace.took(one, Duration.ofMinutes(5));

    assertThat(pace.words(two)).isEqualTo("about 5 min, all that is to come about 5 min");
  }

  @Test
  void what_is_kept_names_no_folder_of_the_machine() throws IOException {
    new Evaluation(
            out,
            Laboratory.Effort.QUICK,
            () -> Machine.observe(Path.of("").toAbsolutePath(), out, out, Clock.systemUTC()),
            told::add)
        .run(List.of(new Named("one", 1)), List.of(new Named("one", 1)), null);

    try (Stream<Path> files = Files.walk(out)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(Files.readString(file))
            .as(out.relativize(file).toString())
            .doesNotContain(out.toString())
            .doesNotContain(Path.of("").toAbsolutePath().toString())
            .doesNotContain(System.getProperty("user.home") + "/");
      }
    }
  }

  @Test
  void folders_of_processes_that_are_no_more_are_removed_and_others_stay() throws Exception {
    Process process = new ProcessBuilder("sleep", "60").start();
    Path running = out.resolve("plinius-evaluation-" + process.pid() + "-1");
    Path foreign = out.resolve("plinius-evaluation-of-mine");
    Files.createDirectories(running.resolve("pool"));
    Files.createDirectories(foreign);
    Laboratory.removeAbandoned(out);
    assertThat(running).exists();

    process.destroyForcibly().waitFor();
    Laboratory.removeAbandoned(out);

    assertThat(running).doesNotExist();
    assertThat(foreign).exists();
  }

  @Test
  void a_quick_result_does_not_stand_for_a_full_one() {
    evaluate(Laboratory.Effort.QUICK, new Named("one", 1));

    evaluate(Laboratory.Effort.FULL, new Named("one", 1));

    assertThat(ran).containsExactly("one", "one");
  }

  @Test
  void what_cannot_run_here_is_named_with_its_reason() throws IOException {
    evaluate(Laboratory.Effort.QUICK, new Named("medium", -1));

    assertThat(Files.readString(out.resolve("report.html")))
        .contains("Not run: there is no medium");
  }

  @Test
  void one_that_fails_keeps_no_other_from_running_and_the_command_fails() throws IOException {
    Experiment fails = new Named("fails", Double.NaN);

    assertThatThrownBy(() -> evaluate(Laboratory.Effort.QUICK, fails, new Named("after", 6)))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("out of reach");

    assertThat(ran).containsExactly("fails", "after");
    assertThat(Files.readString(out.resolve("report.html")))
        .contains("Not run: it failed")
        .contains("1 of 1 bars met");
  }

  @Test
  void a_defect_of_one_keeps_no_other_from_running_either() throws IOException {
    Experiment defect = new Named("defect", Double.POSITIVE_INFINITY);
    Experiment error = new Named("error", Double.NEGATIVE_INFINITY);

    assertThatThrownBy(
            () -> evaluate(Laboratory.Effort.QUICK, defect, error, new Named("after", 6)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("no time said");

    assertThat(ran).containsExactly("defect", "error", "after");
    assertThat(told).anyMatch(line -> line.contains("defect: failed") && line.contains("no time"));
    assertThat(told).anyMatch(line -> line.contains("error: failed") && line.contains("lost"));
    assertThat(Files.readString(out.resolve("report.html"))).contains("1 of 1 bars met");
  }

  @Test
  void what_could_not_run_is_tried_again_and_each_figure_is_a_picture_too() {
    evaluate(Laboratory.Effort.QUICK, new Named("medium", -1));

    evaluate(Laboratory.Effort.QUICK, new Named("medium", 1));

    assertThat(ran).containsExactly("medium", "medium");
    assertThat(out.resolve("medium/data-y.svg")).content().contains("data-raw=\"1,1;2,2\"");
  }

  @Test
  void raw_data_read_back_are_what_was_found() {
    evaluate(Laboratory.Effort.QUICK, new Named("one", 0.1));

    Findings back =
        FindingsFile.read(out.resolve("one")).orElseThrow().findings(out.resolve("one"));

    assertThat(back.table("data").rows()).containsExactly(List.of("1", "0.1"), List.of("2", "0.2"));
    assertThat(back.figures().getFirst().title()).isEqualTo("Figure of one");
  }

  @Test
  void cells_with_commas_quotes_and_lines_survive_the_csv() {
    Table table = Table.of("t", "a", "b").add("x,\"y\"", "l\nm").add("", 3).done();

    assertThat(Table.parse("t", table.csv())).isEqualTo(table);
  }

  @Test
  void an_unknown_experiment_is_refused_with_the_known_ones() {
    assertThatThrownBy(() -> EvaluateCommand.choose(List.of(new Named("sps", 1)), List.of("spss")))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("spss")
        .hasMessageContaining("sps");
  }

  @Test
  void a_bar_judges_in_its_direction_and_not_without_a_value() {
    assertThat(Claim.atLeast(4, "a", 4, "x", "").met()).contains(true);
    assertThat(Claim.atLeast(4, "a", 3.99, "x", "").met()).contains(false);
    assertThat(Claim.atMost(2, "a", 2.01, "%", "").met()).contains(false);
    assertThat(Claim.holds("a", false, "").met()).contains(false);
    assertThat(Claim.of("a", 1, "", "").met()).isEmpty();
  }

  @Test
  void the_median_is_the_middle() {
    assertThat(Statistics.median(3, 1, 2)).isEqualTo(2);
    assertThat(Statistics.median(4, 1, 2, 3)).isEqualTo(2.5);
    assertThatThrownBy(() -> Statistics.median()).isInstanceOf(IllegalArgumentException.class);
  }
}
