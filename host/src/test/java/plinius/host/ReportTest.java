package plinius.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import plinius.boundary.EnclaveMessage.Replanned;

/** What people and programs get to read. */
class ReportTest {
  private static final Replanned REPLANNED =
      new Replanned(31, "kernels 3, shards 8", "kernels 4, shards 8");

  @Test
  void the_end_of_exactness_is_an_event() {
    assertThat(said(JsonReport::new))
        .isEqualTo(
            "{\"event\":\"replan\",\"iteration\":31,\"before\":\"kernels 3, shards 8\","
                + "\"plan\":\"kernels 4, shards 8\"}\n");
  }

  @Test
  void the_end_of_exactness_is_a_line_for_people() {
    assertThat(said(out -> new TextReport(out, out)))
        .startsWith("after iteration 31 ")
        .contains("\"kernels 4, shards 8\" instead of \"kernels 3, shards 8\"")
        .contains("no longer those of an undisturbed run");
  }

  private static String said(Function<PrintStream, Report> made) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    made.apply(new PrintStream(bytes, true, StandardCharsets.UTF_8)).replanned(REPLANNED);
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
