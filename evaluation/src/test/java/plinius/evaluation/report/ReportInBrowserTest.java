package plinius.evaluation.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.evaluation.Claim;
import plinius.evaluation.Figure;
import plinius.evaluation.Figure.Axis;
import plinius.evaluation.Findings;
import plinius.evaluation.Machine;
import plinius.evaluation.Table;

/** The report as a person sees it. */
class ReportInBrowserTest {
  @TempDir private Path folder;

  private Path page() throws IOException {
    Table.Rows rows = Table.of("times", "size", "how", "ms");
    for (int size = 10; size <= 200; size += 10) {
      rows.add(size, "persistent memory", size / 5.0).add(size, "disk", size * 1.5);
    }
    Figure figure =
        Figure.of("Save", "times", Figure.Kind.LINE, "size", Axis.log("MB"), "ms", Axis.log("ms"))
            .by("how")
            .beside("the paper's", 100);
    Findings findings =
        new Findings.Builder()
            .table(rows.done())
            .figure(figure)
            .figure(
                Figure.of(
                        "Bars",
                        "times",
                        Figure.Kind.BARS,
                        "size",
                        Axis.linear("MB"),
                        "ms",
                        Axis.linear("ms"))
                    .by("how"))
            .claim(Claim.atLeast(4, "save", 5, "x", "3.2x"))
            .claim(Claim.atMost(2, "a claim of many words that has to find its place", 3, "%", ""))
            .note("Persistent memory is emulated.")
            .build();
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("processor", "a processor with a long name that runs at several GHz");
    return Files.writeString(
        folder.resolve("report.html"),
        Report.write(
            "Plinius, evaluated",
            "A lead.",
            new Machine(facts),
            List.of(
                new Report.Section("mirror", "Mirroring", "3.2x faster.", findings),
                new Report.Section("sps", "SPS", "1.6x.", findings))));
  }

  @Test
  void it_draws_all_figures_without_an_error_and_without_fetching_anything() throws IOException {
    Path page = page();
    try (Browser browser = Browser.start()) {
      for (int width : new int[] {1200, 360}) {
        browser.open(page.toUri(), width);

        assertThat(browser.events("Runtime.exceptionThrown")).isEmpty();
        assertThat(browser.events("Runtime.consoleAPICalled")).isEmpty();
        assertThat(browser.events("Log.entryAdded")).isEmpty();
        assertThat(browser.events("Network.requestWillBeSent"))
            .extracting(event -> event.path("request").path("url").asText())
            .containsExactly(page.toUri().toString());

        JsonNode figures =
            browser.evaluate(
                """
                [...document.querySelectorAll('figure svg')].map(svg => {
                  const box = svg.getBoundingClientRect();
                  const marks = [...svg.querySelectorAll('polyline, .series rect')]
                    .filter(mark => mark.getBBox().width > 0);
                  return [box.width, box.height, marks.length,
                          Math.max(...[...svg.querySelectorAll('text')]
                            .map(t => t.getBBox().x + t.getBBox().width))];
                })\
                """);
        assertThat(figures).hasSize(4);
        for (JsonNode figure : figures) {
          assertThat(figure.get(0).asDouble()).isGreaterThan(300).isLessThanOrEqualTo(width);
          assertThat(figure.get(1).asDouble()).isGreaterThan(150);
          assertThat(figure.get(2).asInt()).isGreaterThanOrEqualTo(2);
          assertThat(figure.get(3).asDouble()).as("text within the picture").isLessThan(575);
        }
        assertThat(browser.evaluate("document.documentElement.scrollWidth").asInt())
            .as("nothing sticks out at the side")
            .isLessThanOrEqualTo(width);
      }
    }
  }

  @Test
  void the_policy_of_the_page_forbids_what_would_leave_it() throws IOException {
    Path page = page();
    Path with = folder.resolve("with-an-image.html");
    Files.writeString(
        with,
        Files.readString(page)
            .replace("</main>", "<img src=\"http://127.0.0.1:9/picture.png\"></main>"));
    try (Browser browser = Browser.start()) {
      browser.open(with.toUri(), 1200);

      assertThat(browser.events("Log.entryAdded"))
          .as("the test above would notice a request that somebody adds")
          .isNotEmpty();
    }
  }
}
