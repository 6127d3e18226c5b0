package plinius.evaluation.spot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.cli.ExitCode;
import plinius.evaluation.Main;
import plinius.evaluation.Table;

/** Mistakes of who asks. */
class SpotCommandTest {
  @TempDir private Path folder;

  private String said = "";

  @Test
  void numbers_that_cannot_be_are_mistakes_of_usage() {
    for (String option :
        List.of("--save-seconds", "--start-seconds", "--state-bytes", "--on-demand")) {
      assertThat(spot("--count", option, "-1")).as(said).isEqualTo(ExitCode.USAGE.code());
      assertThat(said).contains(option);
    }
  }

  @Test
  void a_deadline_is_a_positive_number_of_hours() {
    for (String wrong : List.of("0", "-1", "NaN", "Infinity")) {
      assertThat(spot("--count", "--deadline", wrong)).as(said).isEqualTo(ExitCode.USAGE.code());
      assertThat(said).contains("--deadline", "above 0", "leave it out");
    }
  }

  /** 3 s of start and two iterations of 1 s are less than 36 s, and more than 3.6 s. */
  @Test
  void whether_the_deadline_is_met_stands_in_the_raw_data_and_in_the_report() throws Exception {
    assertThat(deadline("0.01")).isEqualTo("true");
    assertThat(report()).contains("Done within 0.01 hours", ">met<");
    assertThat(deadline("0.001")).isEqualTo("false");
    assertThat(report()).contains("Done within 0.001 hours", ">missed<");
    assertThat(deadline("")).isEmpty();
    assertThat(report()).doesNotContain("Done within");
  }

  private String deadline(String hours) throws Exception {
    List<String> options =
        new ArrayList<>(
            List.of(
                "--count",
                "--iterations=2",
                "--iteration-seconds=1",
                "--start-seconds=3",
                "--out=" + folder));
    if (!hours.isEmpty()) {
      options.add("--deadline=" + hours);
    }
    assertThat(spot(options.toArray(String[]::new))).as(said).isZero();
    Table runs = Table.parse("runs", Files.readString(folder.resolve("runs.csv")));
    assertThat(runs.rows()).hasSize(1);
    return new Table.Row(runs, runs.rows().getFirst()).get("deadlineMet");
  }

  private String report() throws Exception {
    return Files.readString(folder.resolve("report.html"));
  }

  /** Hours of training would be lost. */
  @Test
  void a_folder_that_cannot_be_made_is_noticed_before_anything_runs() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "");
    Path out = file.resolve("out");

    int code = spot("--pm", folder.resolve("nowhere").toString(), "--out", out.toString());

    assertThat(code).as(said).isEqualTo(ExitCode.MEDIUM.code());
    assertThat(said).contains("cannot write to " + out);
  }

  private int spot(String... more) {
    String[] words = new String[more.length + 4];
    System.arraycopy(more, 0, words, 4, more.length);
    words[0] = "spot";
    words[1] = "synthetic:1";
    words[2] = "--hours";
    words[3] = "1";
    PrintStream err = System.err;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
      return Main.run(words);
    } finally {
      System.setErr(err);
      said = bytes.toString(StandardCharsets.UTF_8);
    }
  }
}
