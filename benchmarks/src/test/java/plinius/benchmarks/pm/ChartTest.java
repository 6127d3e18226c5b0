package plinius.benchmarks.pm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import plinius.benchmarks.pm.Chart.Panel;
import plinius.benchmarks.pm.Chart.Point;

class ChartTest {
  private static Document chart(Panel... panels) throws Exception {
    String svg = Chart.svg(List.of(panels));
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(svg)));
  }

  private static List<String> texts(Document chart) {
    NodeList found = chart.getElementsByTagName("text");
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < found.getLength(); i++) {
      texts.add(found.item(i).getTextContent());
    }
    return texts;
  }

  @Test
  void equal_factors_are_equal_distances_on_both_axes() throws Exception {
    Point[] points = {new Point(1, 0.1), new Point(10, 1), new Point(100, 10)};
    Document chart = chart(new Panel("Rate", "bytes", "MB/s", Map.of("disk", List.of(points))));

    Element line = (Element) chart.getElementsByTagName("polyline").item(0);
    String[] places = line.getAttribute("points").strip().split("[ ,]", -1);
    assertThat(places).hasSize(6);
    double[] at = new double[6];
    for (int i = 0; i < at.length; i++) {
      at[i] = Double.parseDouble(places[i]);
    }
    assertThat(at[2] - at[0]).isPositive().isCloseTo(at[4] - at[2], within(0.2));
    assertThat(at[1] - at[3]).isPositive().isCloseTo(at[3] - at[5], within(0.2));
    assertThat(texts(chart)).contains("Rate", "bytes", "MB/s", "disk", "0.1", "1", "10", "100");
  }

  @Test
  void a_panel_of_one_point_or_of_none_has_axes() throws Exception {
    Document chart =
        chart(
            new Panel("one", "x", "y", Map.of("line", List.of(new Point(10, 10)))),
            new Panel("none", "x", "y", Map.of()));

    assertThat(chart.getElementsByTagName("g").getLength()).isEqualTo(2);
    assertThat(Chart.svg(List.of(new Panel("none", "x", "y", Map.of()))))
        .doesNotContain("NaN", "Infinity");
  }

  @Test
  void whatever_a_folder_is_called_the_file_is_a_picture() throws Exception {
    String name = "pool (/mnt/a&b <c>)";
    Document chart = chart(new Panel("r&w", "x", "y", Map.of(name, List.of(new Point(1, 1)))));

    assertThat(texts(chart)).contains(name, "r&w");
  }
}
