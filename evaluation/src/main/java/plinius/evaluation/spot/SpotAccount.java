package plinius.evaluation.spot;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import plinius.evaluation.Statistics;
import plinius.evaluation.process.Event;

/**
 * What a training under a trace comes to, counted from what its processes told.
 *
 * @param compression seconds of the trace in a second of the processes
 * @param uptimes of the training's instance, in order
 */
record SpotAccount(
    Trace trace, int instance, Policy policy, double compression, List<Uptime> uptimes) {

  /**
   * From a start to an end of the processes.
   *
   * @param cameAt in seconds of the trace
   * @param wentAt in seconds of the trace, done or not
   * @param lost whether the instance was taken away
   * @param events in the order in which they were told, with the processes' time
   */
  record Uptime(double cameAt, double wentAt, boolean lost, List<Event> events) {
    Uptime {
      events = List.copyOf(events);
    }

    private List<Event> iterations() {
      return events.stream().filter(event -> event.kind().equals("iteration")).toList();
    }

    private Optional<Event> find(String kind) {
      return events.stream().filter(event -> event.kind().equals(kind)).findFirst();
    }
  }

  SpotAccount {
    uptimes = List.copyOf(uptimes);
  }

  /** Digest of the final state, if there is one. */
  Optional<String> state() {
    return uptimes.stream()
        .flatMap(uptime -> uptime.find("done").stream())
        .map(done -> done.fields().path("state").asText())
        .findFirst();
  }

  /** A row for each iteration that was told, with the columns of {@link SpotRun#curveTable}. */
  List<Object[]> curve() {
    List<Object[]> rows = new ArrayList<>();
    for (Uptime uptime : uptimes) {
      for (Event event : uptime.iterations()) {
        rows.add(
            new Object[] {
              policy,
              instance,
              (uptime.cameAt() + event.seconds() * compression) / 3600,
              event.iteration(),
              event.number("loss")
            });
      }
    }
    return rows;
  }

  /** Whether anything was mirrored, so that there is a pool that knows a mirror's bytes. */
  boolean mirrored() {
    return work().mirrors() > 0;
  }

  /**
   * The result.
   *
   * @param iterations that were wanted
   * @param mirrorBytes of one mirror; without meaning if nothing was mirrored
   */
  SpotResult result(int iterations, long mirrorBytes, SpotRun.Prices prices) {
    Work work = work();
    boolean finished = state().isPresent();
    double seconds = finished ? uptimes.getLast().wentAt() : trace.seconds();
    return new SpotResult(
        instance,
        policy,
        work.kept(),
        work.executed(),
        (int) uptimes.stream().filter(Uptime::lost).count(),
        uptimes.size(),
        work.mirrors() * mirrorBytes,
        restoreSeconds(),
        finished,
        seconds,
        uptimes.stream().mapToDouble(uptime -> uptime.wentAt() - uptime.cameAt()).sum(),
        trace.cost(instance, seconds, prices.spot()),
        undisturbedSeconds(iterations) / 3600 * prices.onDemand());
  }

  /** Iterations whose work is kept and that were computed, and mirrors that were written. */
  private record Work(int kept, int executed, long mirrors) {}

  private Work work() {
    int kept = 0;
    int told = 0;
    int executed = 0;
    long mirrors = 0;
    for (Uptime uptime : uptimes) {
      int resumed = uptime.find("resume").map(Event::iteration).orElse(0);
      if (resumed > kept) {
        // Its mirror was durable, and the blow came before that could be told.
        executed += Math.max(0, resumed - told);
        mirrors++;
        kept = resumed;
      }
      for (Event event : uptime.iterations()) {
        executed++;
        told = event.iteration();
        if (event.fields().path("mirrored").asBoolean()) {
          mirrors++;
          kept = event.iteration();
        }
      }
    }
    return new Work(kept, executed, mirrors);
  }

  /** From a restart to the resumed state, the mean, in the processes' seconds; 0 without. */
  private double restoreSeconds() {
    double[] restores =
        uptimes.stream()
            .flatMap(uptime -> uptime.find("resume").stream())
            .mapToDouble(Event::seconds)
            .toArray();
    return restores.length == 0 ? 0 : Statistics.mean(restores);
  }

  /** The iterations' own time, as often as they are needed, in the trace's seconds. */
  private double undisturbedSeconds(int iterations) {
    List<Double> gaps = new ArrayList<>();
    for (Uptime uptime : uptimes) {
      List<Event> told = uptime.iterations();
      for (int i = 1; i < told.size(); i++) {
        gaps.add(told.get(i).seconds() - told.get(i - 1).seconds());
      }
    }
    return gaps.isEmpty()
        ? 0
        : Statistics.median(gaps.stream().mapToDouble(x -> x).toArray()) * compression * iterations;
  }
}
