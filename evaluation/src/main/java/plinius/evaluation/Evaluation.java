package plinius.evaluation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;
import plinius.evaluation.report.Report;

/**
 * Runs experiments one after the other and writes their findings into a folder: raw data and
 * findings.json for each, then summary.json and report.html over all. What has ended there before,
 * with the same effort, is not run again.
 */
public final class Evaluation {
  private final Path out;
  private final Laboratory.Effort effort;
  private final Supplier<Machine> machine;
  private final java.util.function.Consumer<String> progress;

  /**
   * An evaluation.
   *
   * @param out a folder, made if it is not there
   * @param machine observed anew for each experiment: load changes
   */
  public Evaluation(
      Path out,
      Laboratory.Effort effort,
      Supplier<Machine> machine,
      java.util.function.Consumer<String> progress) {
    this.out = out;
    this.effort = effort;
    this.machine = machine;
    this.progress = progress;
  }

  /**
   * Runs what has not ended yet, and writes the summary and the report anew after each. One that
   * fails does not keep the others from running.
   *
   * @param known who is in the report with what has ended in this folder: to run some of them again
   *     takes nothing from it
   * @throws RuntimeException of the first that failed, when all others have ended; at once if it
   *     was stopped
   */
  public void run(List<Experiment> experiments, List<Experiment> known, Laboratory laboratory) {
    List<RuntimeException> failures = new ArrayList<>();
    Pace pace = new Pace(effort, experiments.stream().filter(one -> !ended(one)).toList());
    int number = 0;
    for (Experiment experiment : experiments) {
      number++;
      String place = "[" + number + "/" + experiments.size() + "] " + experiment.name();
      if (ended(experiment)) {
        progress.accept(place + ": has ended before, kept");
        continue;
      }
      progress.accept(place + ": " + experiment.title() + "; " + pace.words(experiment));
      long began = System.nanoTime();
      Machine before = machine.get();
      Findings findings = findings(experiment, laboratory, failures);
      FindingsFile.write(folder(experiment), effort, before, findings);
      Duration took = Duration.ofNanos(System.nanoTime() - began);
      pace.took(experiment, took);
      progress.accept(place + ": ended after " + took.toSeconds() + " s");
      writeReport(known);
    }
    writeReport(known);
    if (!failures.isEmpty()) {
      throw failures.getFirst();
    }
  }

  private Findings findings(
      Experiment experiment, Laboratory laboratory, List<RuntimeException> failures) {
    try {
      return experiment.run(laboratory);
    } catch (Experiment.Unavailable e) {
      return Findings.unavailable(e.getMessage());
    } catch (RuntimeException | Error failure) {
      if (failure instanceof Refusal refusal && refusal.exitCode() == ExitCode.STOPPED) {
        throw refusal;
      }
      String what = failure instanceof Refusal ? failure.getMessage() : failure.toString();
      progress.accept(experiment.name() + ": failed: " + what);
      failures.add(
          failure instanceof RuntimeException e
              ? e
              : new IllegalStateException(experiment.name() + " failed: " + what, failure));
      return Findings.unavailable("it failed; the same command tries it again");
    }
  }

  private Path folder(Experiment experiment) {
    return out.resolve(experiment.name());
  }

  /** With this effort, and with raw data: what could not run before may be able to now. */
  private boolean ended(Experiment experiment) {
    return found(experiment).filter(file -> !file.tables().isEmpty()).isPresent();
  }

  private Optional<FindingsFile> found(Experiment experiment) {
    return FindingsFile.read(folder(experiment)).filter(file -> file.effort() == effort);
  }

  private void writeReport(List<Experiment> known) {
    List<Report.Section> sections = new ArrayList<>();
    List<Map<String, Object>> summary = new ArrayList<>();
    Machine first = null;
    for (Experiment experiment : known) {
      Optional<FindingsFile> file = found(experiment);
      if (file.isEmpty()) {
        continue;
      }
      first = first == null ? file.get().machine() : first;
      Findings findings = file.get().findings(folder(experiment));
      drawPictures(folder(experiment), findings);
      Map<String, String> facts = file.get().machine().facts();
      List<String> notes = new ArrayList<>(findings.notes());
      // Of each, because one that has ended is kept when others run again later.
      notes.add(
          "Begun %s with commit %s under the load averages %s"
              .formatted(facts.get("date"), facts.get("commit"), facts.get("load at the start")));
      sections.add(
          new Report.Section(
              experiment.name(),
              experiment.title(),
              experiment.paper(),
              new Findings(findings.tables(), findings.figures(), findings.claims(), notes)));
      findings.claims().forEach(claim -> summary.add(summaryOf(experiment, claim)));
    }
    if (first == null) {
      return;
    }
    try {
      Files.createDirectories(out);
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("effort", effort.name().toLowerCase(Locale.ROOT));
      json.put("machine", first.facts());
      json.put("claims", summary);
      FindingsFile.replace(
          out.resolve("summary.json"), FindingsFile.JSON.writeValueAsString(json) + "\n");
      FindingsFile.replace(
          out.resolve("report.html"), Report.write("Plinius, evaluated", lead(), first, sections));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Each figure as TABLE-COLUMN.svg beside its raw data too. */
  private static void drawPictures(Path folder, Findings findings) {
    for (Figure figure : findings.figures()) {
      try {
        FindingsFile.replace(
            folder.resolve(figure.table() + "-" + figure.y() + ".svg"),
            Report.picture(figure, findings.table(figure.table())));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private String lead() {
    return (effort == Laboratory.Effort.QUICK
            ? "A quick run: fewer points and repetitions than a full one. "
            : "")
        + "The experiments of the paper (Yuhala, Felber, Schiavoni and Tchana, DSN 2021) and"
        + " further ones, on this machine. Ratios of one run can be compared with the paper's;"
        + " absolute times cannot: other machines, other media. Bars are this project's own.";
  }

  /** A claim as summary.json has it. */
  static Map<String, Object> summaryOf(Experiment experiment, Claim claim) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("experiment", experiment.name());
    fields.put("name", claim.name());
    fields.put("measured", claim.measured().isPresent() ? claim.measured().getAsDouble() : null);
    fields.put("unit", claim.unit());
    fields.put("bar", claim.bar().kind() == Claim.Bar.Kind.NONE ? null : claim.barText());
    fields.put("paper", claim.paper());
    fields.put("met", claim.met().orElse(null));
    return fields;
  }
}
