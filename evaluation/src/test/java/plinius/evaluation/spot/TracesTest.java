package plinius.evaluation.spot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import plinius.cli.Refusal;

class TracesTest {
  private static final OptionalDouble NO_BID = OptionalDouble.empty();

  private static Trace parse(String text) {
    return Traces.parse("trace", text, Traces.Reading.DEFAULT);
  }

  private static String entry(String zone, String price, String time) {
    return """
    {"AvailabilityZone":"%s","InstanceType":"c3.2xlarge",
     "ProductDescription":"Linux/UNIX","SpotPrice":"%s","Timestamp":"%s"}
    """
        .formatted(zone, price, time);
  }

  private static String history(String... entries) {
    return "{\"SpotPriceHistory\":[" + String.join(",", entries) + "]}";
  }

  @Test
  void rows_of_prices_hold_for_one_step_each() {
    Trace trace = parse("0.1,1\n0.2,2\n0.1,3\n");

    assertThat(trace.segments())
        .containsExactly(
            new Segment(0, 300, Segment.ANY, 0.1),
            new Segment(300, 600, Segment.ANY, 0.2),
            new Segment(600, 900, Segment.ANY, 0.1));
    assertThat(trace.under(OptionalDouble.of(0.15), 1).uptimes(0))
        .containsExactly(new double[] {0, 300}, new double[] {600, 900});
  }

  @Test
  void a_price_at_the_bid_is_paid() {
    assertThat(parse("0.1,1\n").under(OptionalDouble.of(0.1), 1).uptimes(0)).hasSize(1);
  }

  @Test
  void a_hole_keeps_the_price_before_it_and_is_told() {
    Trace trace = parse("0.1,1\n0.2,4\n");

    assertThat(trace.segments())
        .containsExactly(
            new Segment(0, 900, Segment.ANY, 0.1), new Segment(900, 1200, Segment.ANY, 0.2));
    assertThat(trace.remarks()).anyMatch(remark -> remark.startsWith("2 indexes are missing"));
  }

  @Test
  void aws_history_is_sorted_and_holds_until_the_next_change() {
    Trace trace =
        parse(
            history(
                entry("us-east-1a", "0.30", "2026-01-31T12:30:00+00:00"),
                entry("us-east-1a", "0.20", "2026-01-31T12:10:00Z"),
                entry("us-east-1a", "0.10", "2026-01-31T12:00:00Z")));

    assertThat(trace.segments())
        .containsExactly(
            new Segment(0, 600, Segment.ANY, 0.1),
            new Segment(600, 1800, Segment.ANY, 0.2),
            new Segment(1800, 2700, Segment.ANY, 0.3));
  }

  @Test
  void aws_history_as_text_is_the_same_trace_as_json() {
    Trace text =
        parse(
            "SPOTPRICEHISTORY\tus-east-1a\tc3.2xlarge\tLinux/UNIX\t0.2\t2026-01-31T12:10:00Z\n"
                + "SPOTPRICEHISTORY\tus-east-1a\tc3.2xlarge\tLinux/UNIX\t0.1"
                + "\t2026-01-31T12:00:00Z\n");

    assertThat(text.segments())
        .isEqualTo(
            parse(
                    history(
                        entry("us-east-1a", "0.1", "2026-01-31T12:00:00Z"),
                        entry("us-east-1a", "0.2", "2026-01-31T12:10:00Z")))
                .segments());
  }

  @Test
  void a_zone_is_chosen_among_several() {
    String two =
        history(
            entry("us-east-1a", "0.1", "2026-01-31T12:00:00Z"),
            entry("us-east-1b", "0.2", "2026-01-31T12:00:00Z"));

    Trace one =
        Traces.parse(
            "t", two, new Traces.Reading(300, Optional.of("us-east-1b"), Optional.empty()));

    assertThat(one.segments().getFirst().price()).isEqualTo(0.2);
    assertThatThrownBy(() -> parse(two)).isInstanceOf(Refusal.class).hasMessageContaining("--zone");
  }

  @Test
  void several_instances_come_and_go() {
    Trace trace = parse("{\"metadata\":{\"gap_seconds\":300},\"data\":[4,1,0,2]}").under(NO_BID, 2);

    assertThat(trace.uptimes(0)).containsExactly(new double[] {0, 600}, new double[] {900, 1200});
    assertThat(trace.uptimes(1)).containsExactly(new double[] {0, 300}, new double[] {900, 1200});
    assertThat(trace.uptimes(2)).isEmpty();
  }

  @Test
  void an_event_list_counts_who_is_there_and_ignores_notices() {
    Trace trace = parse("0,start,a\n100,start,b\n150,notice,a\n200,evict,a\n");

    assertThat(trace.segments().subList(0, 3))
        .containsExactly(
            new Segment(0, 100, 1, Double.NaN),
            new Segment(100, 150, 2, Double.NaN),
            new Segment(150, 200, 2, Double.NaN));
    assertThat(trace.segments().getLast().instances()).isEqualTo(1);
  }

  @Test
  void a_synthetic_trace_is_the_same_for_the_same_seed() {
    Trace one = Traces.read("synthetic:7,up=100,down=50,seconds=5000", Traces.Reading.DEFAULT);

    assertThat(one)
        .isEqualTo(Traces.read("synthetic:7,up=100,down=50,seconds=5000", Traces.Reading.DEFAULT));
    assertThat(one.seconds()).isEqualTo(5000);
    assertThat(one.uptimes(0)).hasSizeGreaterThan(5);
  }

  static Stream<Arguments> whatIsWrong() {
    return Stream.of(
        Arguments.of("", "is empty"),
        Arguments.of("  \n \n", "is empty"),
        Arguments.of("hello world", "no format that is known"),
        Arguments.of("{\"a\":1}", "no format that is known"),
        Arguments.of("{\"data\":", "no JSON"),
        Arguments.of("0.1,1\n0.2\n", "line 2"),
        Arguments.of("0.1,1\nx,2\n", "line 2: want a price"),
        Arguments.of("0.1,1\n-0.2,2\n", "line 2: a price of -0.2"),
        Arguments.of("0.1,1\nNaN,2\n", "line 2: a price of NaN"),
        Arguments.of("0.1,1\n0.2,1\n", "line 2: index 1 is there twice"),
        Arguments.of("0.1,5\n0.2,2\n", "line 2: index 2 after 5"),
        Arguments.of("0.1,1\n0.2,1.5\n", "line 2: want a whole number"),
        Arguments.of("{\"SpotPriceHistory\":[]}", "no price at all"),
        Arguments.of("{\"SpotPriceHistory\":[{}]}", "has no text AvailabilityZone"),
        Arguments.of(history(entry("a", "-1", "2026-01-31T12:00:00Z")), "a price of -1"),
        Arguments.of(history(entry("a", "0.1", "yesterday")), "want a time"),
        Arguments.of(
            history(
                entry("a", "0.1", "2026-01-31T12:00:00Z"),
                entry("a", "0.2", "2026-01-31T12:00:00Z")),
            "two prices at"),
        Arguments.of("{\"data\":[1]}", "gap_seconds"),
        Arguments.of("{\"metadata\":{\"gap_seconds\":0},\"data\":[1]}", "gap_seconds"),
        Arguments.of("{\"metadata\":{\"gap_seconds\":9},\"data\":[]}", "one at least"),
        Arguments.of("{\"metadata\":{\"gap_seconds\":9},\"data\":[1,-1]}", "data[1]"),
        Arguments.of("{\"metadata\":{\"gap_seconds\":9},\"data\":[1,\"x\"]}", "data[1]"),
        Arguments.of("0,start,a\n5,vanish,a\n", "line 2: want start"),
        Arguments.of("5,start,a\n0,evict,a\n", "line 2: 0.0 s after 5.0 s"),
        Arguments.of("0,start,a\n5,start,a\n", "line 2: node a is there already"),
        Arguments.of("0,start,a\n5,evict,b\n", "line 2: node b is not there"),
        Arguments.of("0,start\n", "line 1"),
        Arguments.of("0,notice,a\n", "no node is ever there"));
  }

  @ParameterizedTest
  @MethodSource("whatIsWrong")
  void what_is_wrong_is_named_with_its_place(String text, String message) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("trace")
        .hasMessageContaining(message);
  }

  @Test
  void a_bid_below_every_price_is_refused_with_the_lowest() {
    assertThatThrownBy(() -> parse("0.3,1\n0.2,2\n").under(OptionalDouble.of(0.1), 1))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("below every price")
        .hasMessageContaining("0.2");
  }

  @Test
  void a_trace_without_a_single_instance_is_refused() {
    Trace none = parse("{\"metadata\":{\"gap_seconds\":300},\"data\":[0,0]}");

    assertThatThrownBy(() -> none.under(NO_BID, 1)).hasMessageContaining("never has an instance");
  }

  @Test
  void a_bid_belongs_to_prices_and_to_nothing_else() {
    assertThatThrownBy(() -> parse("0.3,1\n").under(NO_BID, 1)).hasMessageContaining("--bid");
    Trace counts = parse("{\"metadata\":{\"gap_seconds\":300},\"data\":[1]}");
    assertThatThrownBy(() -> counts.under(OptionalDouble.of(1), 1)).hasMessageContaining("--bid");
  }

  /** The paper: steps of five minutes, a bid of 0.0955, two interruptions within 800 minutes. */
  @Test
  void the_trace_of_the_paper_interrupts_twice_in_its_first_eight_hundred_minutes()
      throws IOException {
    Path file = shared().resolve("c3.2xlarge.csv.gz");
    assumeTrue(Files.exists(file), () -> "no trace at " + file);

    Trace trace = Traces.read(file.toString(), Traces.Reading.DEFAULT);

    assertThat(trace.segments()).hasSize(129_601);
    List<double[]> up = trace.first(800 * 60).under(OptionalDouble.of(0.0955), 1).uptimes(0);
    assertThat(up).hasSize(3);
    assertThat(up.getFirst()).containsExactly(8 * 300, 17 * 300);
  }

  @Test
  void every_shared_trace_of_availability_is_read() throws IOException {
    assumeTrue(Files.isDirectory(shared()), () -> "no traces at " + shared());
    try (Stream<Path> files = Files.list(shared())) {
      for (Path file : files.filter(path -> path.toString().endsWith(".json")).toList()) {
        assertThat(
                Traces.read(file.toString(), Traces.Reading.DEFAULT).under(NO_BID, 16).uptimes(0))
            .as(file.toString())
            .isNotEmpty();
      }
    }
  }

  private static Path shared() {
    return Path.of(System.getProperty("plinius.data", "../../shared/data"), "spot");
  }
}
