package plinius.evaluation.report;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import plinius.evaluation.Claim;
import plinius.evaluation.Figure;
import plinius.evaluation.Findings;
import plinius.evaluation.Machine;
import plinius.evaluation.Table;

/**
 * The report: one page of HTML with everything in it, no script, nothing that is fetched, and a
 * policy that would forbid it.
 */
public final class Report {
  private static final int TABLE_ROWS_MAX = 30;

  private final StringBuilder page = new StringBuilder();

  private Report() {}

  /**
   * What the page says of one experiment.
   *
   * @param folder where its raw data lie, relative to the page
   */
  public record Section(String folder, String title, String paper, Findings findings) {}

  /** The page. */
  public static String write(String title, String lead, Machine machine, List<Section> sections) {
    Report report = new Report();
    report.head(title, lead);
    report.machine(machine);
    if (sections.size() > 1) {
      report.summary(sections);
    }
    sections.forEach(report::section);
    return report.page.append("</main></body></html>\n").toString();
  }

  /** A figure as a file of its own, for pages that show it apart from the report. */
  public static String picture(Figure figure, Table table) {
    return Plot.draw(figure, table)
        .replaceFirst("</title>", "</title><style>" + PICTURE_STYLE + "</style>");
  }

  private void head(String title, String lead) {
    page.append(
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>%s</title><style>%s</style></head><body><main>
        <h1>%s</h1><p class="lead">%s</p>
        """
            .formatted(Html.text(title), STYLE, Html.text(title), Html.text(lead)));
  }

  private void machine(Machine machine) {
    page.append("<section id=\"machine\"><h2>Machine</h2><div class=\"wide\"><table>");
    for (Map.Entry<String, String> fact : machine.facts().entrySet()) {
      page.append(
          "<tr><th scope=\"row\">%s</th><td>%s</td></tr>"
              .formatted(Html.text(fact.getKey()), Html.text(fact.getValue())));
    }
    page.append("</table></div></section>\n");
  }

  /** Every claim that has a bar, missed ones first named. */
  private void summary(List<Section> sections) {
    List<Claim> judged =
        sections.stream()
            .flatMap(section -> section.findings().claims().stream())
            .filter(claim -> claim.met().isPresent())
            .toList();
    long missed = judged.stream().filter(claim -> !claim.met().orElseThrow()).count();
    page.append("<section id=\"summary\"><h2>Claims</h2><p>")
        .append(judged.size() - missed)
        .append(" of ")
        .append(judged.size())
        .append(" bars met, ")
        .append(missed)
        .append(" missed.</p>");
    page.append("<nav><ol>");
    for (Section section : sections) {
      page.append(
          "<li><a href=\"#%s\">%s</a>%s</li>"
              .formatted(Html.text(section.folder()), Html.text(section.title()), tally(section)));
    }
    page.append("</ol></nav></section>\n");
  }

  private static String tally(Section section) {
    List<Boolean> met =
        section.findings().claims().stream().map(Claim::met).flatMap(Optional::stream).toList();
    if (met.isEmpty()) {
      return "";
    }
    long missed = met.stream().filter(one -> !one).count();
    return missed == 0
        ? " <span class=\"met\">all " + met.size() + " met</span>"
        : " <span class=\"missed\">" + missed + " of " + met.size() + " missed</span>";
  }

  private void section(Section section) {
    page.append(
        "<section id=\"%s\"><h2>%s</h2><p class=\"paper\"><b>The paper:</b> %s</p>"
            .formatted(
                Html.text(section.folder()),
                Html.text(section.title()),
                Html.text(section.paper())));
    claims(section.findings().claims());
    for (Figure figure : section.findings().figures()) {
      page.append("<figure>")
          .append(Plot.draw(figure, section.findings().table(figure.table())))
          .append(
              "<figcaption>%s <span class=\"raw\">(%s/%s.csv)</span></figcaption></figure>"
                  .formatted(
                      Html.text(figure.title()),
                      Html.text(section.folder()),
                      Html.text(figure.table())));
    }
    if (!section.findings().notes().isEmpty()) {
      page.append("<ul class=\"notes\">");
      section
          .findings()
          .notes()
          .forEach(note -> page.append("<li>").append(Html.text(note)).append("</li>"));
      page.append("</ul>");
    }
    section.findings().tables().forEach(table -> table(section.folder(), table));
    page.append("</section>\n");
  }

  private void claims(List<Claim> claims) {
    if (claims.isEmpty()) {
      return;
    }
    page.append(
        "<div class=\"wide\"><table class=\"claims\"><tr><th>Claim</th><th>Here</th><th>Bar</th>"
            + "<th>Met</th><th>The paper, others</th></tr>");
    for (Claim claim : claims) {
      String met =
          claim
              .met()
              .map(
                  yes ->
                      yes
                          ? "<span class=\"met\">met</span>"
                          : "<span class=\"missed\">missed</span>")
              .orElse("");
      page.append(
          "<tr><td>%s</td><td class=\"number\">%s</td><td>%s</td><td>%s</td><td>%s</td></tr>"
              .formatted(
                  Html.text(claim.name()),
                  Html.text(claim.measuredText()),
                  Html.text(claim.barText()),
                  met,
                  Html.text(claim.paper())));
    }
    page.append("</table></div>");
  }

  private void table(String folder, Table table) {
    List<List<String>> rows = table.rows();
    page.append(
        "<details><summary>%s/%s.csv, %d rows</summary><div class=\"wide\"><table><tr>"
            .formatted(Html.text(folder), Html.text(table.name()), rows.size()));
    table
        .columns()
        .forEach(column -> page.append("<th>").append(Html.text(column)).append("</th>"));
    page.append("</tr>");
    for (List<String> row : rows.subList(0, Math.min(TABLE_ROWS_MAX, rows.size()))) {
      page.append("<tr>");
      row.forEach(cell -> page.append("<td>").append(Html.text(cell)).append("</td>"));
      page.append("</tr>");
    }
    page.append("</table></div>");
    if (rows.size() > TABLE_ROWS_MAX) {
      page.append("<p>The file has them all.</p>");
    }
    page.append("</details>");
  }

  private static final String PICTURE_STYLE =
      "svg{background:#fff}text{font:12.5px"
          + " system-ui,Helvetica,Arial,sans-serif;fill:#1a1a1a}.axis{stroke:#1a1a1a}.grid{stroke:#ddd}.reference{stroke:#a3290f;stroke-dasharray:5"
          + " 4}";

  private static final String STYLE =
      """
      body{margin:0;background:#fff;color:#1a1a1a;font:16px/1.5 Georgia,'Times New Roman',serif}
      main{max-width:52rem;margin:0 auto;padding:1rem}
      h1,h2,th,nav,svg text,figcaption,summary{font-family:system-ui,Helvetica,Arial,sans-serif}
      h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0}
      h2{font-size:1.25rem;margin:2.2rem 0 .5rem;border-top:2px solid #1a1a1a;padding-top:.6rem}
      .lead{font-size:1.05rem}.paper{color:#333}.raw{color:#555;font-weight:normal}
      .wide{overflow-x:auto}
      table{border-collapse:collapse;font-size:.86rem;margin:.4rem 0}
      th,td{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;border-bottom:1px solid #ccc}
      td.number{white-space:nowrap;font-weight:600}
      .met{color:#00613f;font-weight:600}.missed{color:#a3290f;font-weight:700}
      figure{margin:1rem 0;break-inside:avoid}svg{width:100%;max-width:44rem;height:auto;display:block}
      svg text{font-size:12.5px;fill:#1a1a1a}.axis{stroke:#1a1a1a}.grid{stroke:#ddd}
      .reference{stroke:#a3290f;stroke-dasharray:5 4}
      figcaption{font-size:.86rem;font-weight:600}
      .notes{font-size:.92rem;padding-left:1.2rem}details{margin:.3rem 0;font-size:.86rem}
      a{color:#004f86}
      @media print{main{max-width:none}details{display:none}body{font-size:11pt}h2{break-after:avoid}}
      """;
}
