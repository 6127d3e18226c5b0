package plinius.evaluation.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import plinius.evaluation.Figure;
import plinius.evaluation.Figure.Axis;
import plinius.evaluation.Table;

class PlotTest {
  private static final Table TABLE =
      Table.of("times", "size", "how", "ms")
          .add(10, "pm", 2.5)
          .add(10, "disk", 20.0)
          .add(100, "pm", 30.25)
          .add(100, "disk", 200.0)
          .done();

  private static Figure figure(Figure.Kind kind) {
    return Figure.of("Times", "times", kind, "size", Axis.log("MB"), "ms", Axis.log("ms"))
        .by("how");
  }

  @Test
  void what_is_drawn_is_what_the_table_holds() {
    for (Figure.Kind kind : Figure.Kind.values()) {
      String svg = Plot.draw(figure(kind), TABLE);

      assertThat(raw(svg, "pm")).as(kind.name()).isEqualTo("10,2.5;100,30.25");
      assertThat(raw(svg, "disk")).as(kind.name()).isEqualTo("10,20;100,200");
    }
  }

  @Test
  void marks_stand_where_their_values_are_on_the_axes() {
    Table table = Table.of("t", "x", "y").add(0, 0).add(5, 10).add(10, 20).done();
    String svg =
        Plot.draw(
            Figure.of("T", "t", Figure.Kind.LINE, "x", Axis.linear("x"), "y", Axis.linear("y")),
            table);

    Matcher circles = Pattern.compile("<circle cx=\"([0-9.]+)\" cy=\"([0-9.]+)\"").matcher(svg);
    List<double[]> places =
        circles
            .results()
            .map(m -> new double[] {Double.parseDouble(m.group(1)), Double.parseDouble(m.group(2))})
            .toList();
    assertThat(places).hasSize(3);
    assertThat(places.get(1)[0]).isEqualTo((places.get(0)[0] + places.get(2)[0]) / 2);
    assertThat(places.get(1)[1]).isEqualTo((places.get(0)[1] + places.get(2)[1]) / 2);
    assertThat(places.get(2)[1]).isLessThan(places.get(0)[1]);
  }

  @Test
  void a_value_that_was_not_measured_is_left_out() {
    Table table = Table.of("t", "x", "y").add(1, 2).add(2, "").add(3, 4).done();

    String svg =
        Plot.draw(
            Figure.of("T", "t", Figure.Kind.LINE, "x", Axis.linear("x"), "y", Axis.linear("y")),
            table);

    assertThat(raw(svg, "")).isEqualTo("1,2;3,4");
  }

  @Test
  void text_cannot_break_out_of_the_picture() {
    Table table = Table.of("t", "x", "y").add("<script>\"", 2).done();

    String svg =
        Plot.draw(
            Figure.of("a < b", "t", Figure.Kind.BARS, "x", Axis.linear("&"), "y", Axis.linear("y")),
            table);

    assertThat(svg).doesNotContain("<script").contains("a &lt; b").contains("&amp;");
  }

  @Test
  void a_model_says_that_it_is_one() {
    assertThat(Plot.draw(figure(Figure.Kind.LINE).modelled("disk"), TABLE))
        .contains("disk (a model, not measured)");
  }

  private static String raw(String svg, String series) {
    Matcher matcher =
        Pattern.compile("data-series=\"" + series + "\" data-raw=\"([^\"]*)\"").matcher(svg);
    assertThat(matcher.find()).as("series " + series).isTrue();
    return matcher.group(1);
  }
}
