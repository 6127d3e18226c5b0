package plinius.evaluation.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
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
            .figure(
                Figure.of(
                        "Steps",
                        "times",
                        Figure.Kind.STEP,
                        "size",
                        Axis.linear("MB"),
                        "ms",
                        Axis.linear("ms"))
                    .by("how")
                    .modelled("disk"))
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

  /** Of each picture: width and height, marks that can be seen, where the text ends. */
  private static final String FIGURES =
      """
      [...document.querySelectorAll('figure svg')].map(svg => {
        const box = svg.getBoundingClientRect();
        const marks = [...svg.querySelectorAll('polyline, .series rect')]
          .filter(mark => mark.getBBox().width > 0);
        return [box.width, box.height, marks.length,
                Math.max(...[...svg.querySelectorAll('text')]
                  .map(t => t.getBBox().x + t.getBBox().width))];
      })\
      """;

  private static void assertQuiet(Browser browser, Path page) {
    assertThat(browser.events("Runtime.exceptionThrown")).isEmpty();
    assertThat(browser.events("Runtime.consoleAPICalled")).isEmpty();
    assertThat(browser.events("Log.entryAdded")).isEmpty();
    assertThat(browser.events("Network.requestWillBeSent"))
        .extracting(event -> event.path("request").path("url").asText())
        .containsExactly(page.toUri().toString());
  }

  @Test
  void it_draws_all_figures_without_an_error_and_without_fetching_anything() throws IOException {
    Path page = page();
    try (Browser browser = Browser.start()) {
      for (int width : new int[] {1200, 360}) {
        browser.open(page.toUri(), width);

        assertQuiet(browser, page);
        JsonNode figures = browser.evaluate(FIGURES);
        assertThat(figures).hasSize(6);
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

  /** A value holds until the next one: of each line every piece is level or upright. */
  @Test
  void a_step_is_drawn_as_one_and_a_model_is_dashed_and_says_so() throws IOException {
    Path page = page();
    try (Browser browser = Browser.start()) {
      browser.open(page.toUri(), 1200);

      JsonNode slopes =
          browser.evaluate(
              """
              [...document.querySelectorAll('figure svg')].slice(0, 3).map(svg =>
                [...svg.querySelectorAll('polyline')].map(line => {
                  const at = [...line.points];
                  return at.slice(1).filter((p, i) => p.x != at[i].x && p.y != at[i].y).length;
                }))\
              """);
      assertThat(slopes.get(0)).as("lines slope").hasSize(2).allMatch(n -> n.asInt() > 0);
      assertThat(slopes.get(2)).as("steps do not").hasSize(2).allMatch(n -> n.asInt() == 0);

      JsonNode modelled =
          browser.evaluate(
              """
              [...document.querySelectorAll('figure svg')].slice(0, 3).map(svg =>
                [getComputedStyle(svg.querySelector('[data-series=disk] polyline, [data-series=disk] rect'))
                   .strokeDasharray,
                 [...svg.querySelectorAll('text')].map(t => t.textContent).join()])\
              """);
      assertThat(modelled.get(2).get(0).asText()).isEqualTo("3px, 4px");
      assertThat(modelled.get(0).get(0).asText()).isNotEqualTo("3px, 4px");
      assertThat(modelled.get(2).get(1).asText()).contains("disk (a model, not measured)");
      assertThat(modelled.get(0).get(1).asText()).doesNotContain("a model");
    }
  }

  @Test
  void in_print_figures_and_claims_stay_and_raw_data_go() throws IOException {
    Path page = page();
    try (Browser browser = Browser.start()) {
      browser.open(page.toUri(), 700);
      String shown =
          "[...document.querySelectorAll('%s')].filter(e => e.getClientRects().length > 0).length";
      assertThat(browser.evaluate(shown.formatted("details")).asInt()).isEqualTo(2);

      browser.print(true);

      assertThat(browser.evaluate(shown.formatted("details")).asInt()).isZero();
      assertThat(browser.evaluate(shown.formatted("figure svg")).asInt()).isEqualTo(6);
      assertThat(browser.evaluate(shown.formatted("table.claims")).asInt()).isEqualTo(2);
      assertThat(
              browser
                  .evaluate(
                      "[...document.querySelectorAll('figure')]"
                          + ".every(f => getComputedStyle(f).breakInside == 'avoid')")
                  .asBoolean())
          .as("no picture is cut by the end of a sheet")
          .isTrue();
      assertThat(browser.evaluate("document.documentElement.scrollWidth").asInt())
          .isLessThanOrEqualTo(700);
      assertQuiet(browser, page);
    }
  }

  /** What the tree holds of earlier runs is opened as it is. */
  @Test
  void each_report_that_is_kept_draws_as_many_figures_as_its_findings_have() throws IOException {
    Path results =
        Path.of(System.getProperty("plinius.root", ".."))
            .toAbsolutePath()
            .resolve("evaluation/results");
    List<Path> kept = new ArrayList<>();
    try (Stream<Path> files = Files.list(results)) {
      files.map(folder -> folder.resolve("report.html")).filter(Files::exists).forEach(kept::add);
    }
    assertThat(kept).as("reports in " + results).isNotEmpty();
    try (Browser browser = Browser.start()) {
      for (Path page : kept) {
        browser.open(page.toUri(), 1200);

        assertQuiet(browser, page);
        JsonNode figures = browser.evaluate(FIGURES);
        assertThat(figures).as(page.toString()).hasSize(figures(page.getParent()));
        assertThat(figures)
            .as("each is there to be seen")
            .allMatch(figure -> figure.get(0).asDouble() > 300 && figure.get(2).asInt() > 0);
      }
    }
  }

  private static int figures(Path results) throws IOException {
    int count = 0;
    try (Stream<Path> files = Files.walk(results, 2)) {
      for (Path file : files.filter(one -> one.endsWith("findings.json")).toList()) {
        count += new ObjectMapper().readTree(file.toFile()).get("figures").size();
      }
    }
    return count;
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
