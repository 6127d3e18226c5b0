package plinius.benchmarks.freshness;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import plinius.cli.HostProcess;
import plinius.cli.Installation;
import plinius.cli.Terminal;
import plinius.host.HostArguments;

/** When a run told of its iterations. */
final class IterationTimes {
  private static final Pattern ITERATION =
      Pattern.compile("\"event\":\"iteration\",\"iteration\":(\\d+)");

  private final int first;
  private final int last;
  private final AtomicLongArray at; // of each iteration from the first on, 0 if not told

  IterationTimes(int first, int last) {
    this.first = first;
    this.last = last;
    at = new AtomicLongArray(last - first + 1);
  }

  /** Runs the host to its end and returns its exit code. */
  int of(Installation installation, HostArguments arguments) {
    return HostProcess.run(installation, arguments, this::read);
  }

  private void read(String line) {
    Matcher found = ITERATION.matcher(line);
    if (found.find()) {
      int iteration = Integer.parseInt(found.group(1));
      if (iteration >= first && iteration <= last) {
        at.set(iteration - first, System.nanoTime());
      }
    } else if (line.contains("\"error\"")) {
      Terminal.error(line);
    }
  }

  /** Iterations a second between the first and the last. */
  double perSecond() {
    return perSecond(first, last);
  }

  /**
   * Iterations a second in every stretch of so many iterations, wherever it begins; one if there
   * are fewer.
   */
  double[] perSecond(int stretch) {
    int length = Math.min(stretch, last - first);
    return IntStream.rangeClosed(first, last - length)
        .mapToDouble(from -> perSecond(from, from + length))
        .toArray();
  }

  private double perSecond(int from, int to) {
    long began = at.get(from - first);
    long nanos = at.get(to - first) - began;
    if (began == 0 || nanos <= 0) {
      throw new IllegalStateException("the run did not tell of iterations " + from + ", " + to);
    }
    return (to - from) / (nanos / 1e9);
  }
}
