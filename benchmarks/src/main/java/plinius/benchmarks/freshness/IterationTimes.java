package plinius.benchmarks.freshness;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
  private final AtomicLongArray at = new AtomicLongArray(2);

  IterationTimes(int first, int last) {
    this.first = first;
    this.last = last;
  }

  /** Runs the host to its end and returns its exit code. */
  int of(Installation installation, HostArguments arguments) {
    return HostProcess.run(installation, arguments, this::read);
  }

  private void read(String line) {
    Matcher found = ITERATION.matcher(line);
    if (found.find()) {
      int iteration = Integer.parseInt(found.group(1));
      if (iteration == first) {
        at.set(0, System.nanoTime());
      } else if (iteration == last) {
        at.set(1, System.nanoTime());
      }
    } else if (line.contains("\"error\"")) {
      Terminal.error(line);
    }
  }

  double perSecond() {
    long nanos = at.get(1) - at.get(0);
    if (at.get(0) == 0 || nanos <= 0) {
      throw new IllegalStateException("the run did not tell of iterations " + first + ", " + last);
    }
    return (last - first) / (nanos / 1e9);
  }
}
