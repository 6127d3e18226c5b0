package plinius.evaluation.spot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.cli.ExitCode;
import plinius.evaluation.Main;

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
