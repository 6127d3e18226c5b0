package plinius.evaluation.spot;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;
import plinius.evaluation.Statistics;
import plinius.evaluation.Table;
import plinius.evaluation.process.Event;
import plinius.evaluation.process.Product;
import plinius.evaluation.process.Trainings;

/**
 * Training under a trace with real processes: owner, host and enclave are started when the instance
 * comes and killed with SIGKILL when it goes, without notice. The trace's time is compressed; the
 * processes' is not, so that a start takes more of the trace than it would in reality.
 *
 * @param cfg the network
 * @param iterations to reach
 * @param compression seconds of the trace in a second here
 * @param pm a folder for the pool, which does not exist yet
 * @param prices USD an hour, on demand and for spot where the trace has none
 */
public record SpotRun(
    Trainings trainings, Path cfg, int iterations, double compression, Path pm, Prices prices) {

  /** Never, for --mirror-every: the last iteration is mirrored nevertheless. */
  private static final int NEVER = 1_000_000_000;

  /** USD an hour. */
  public record Prices(double onDemand, double spot) {}

  /**
   * What was seen.
   *
   * @param curve the columns of {@link #curveTable}
   * @param state digest of the final state, if there is one
   */
  public record Seen(SpotResult result, List<Object[]> curve, Optional<String> state) {}

  /** A table for the curves of several runs. */
  public static Table.Rows curveTable(String name) {
    return Table.of(name, "policy", "instance", "hours", "iteration", "loss");
  }

  /** A table for the coming and going of instances, two rows a change: a step to be drawn. */
  public static Table stateTable(String name, Trace trace, int instances) {
    Table.Rows rows = Table.of(name, "hours", "instances", "price");
    for (Segment segment : trace.segments()) {
      rows.add(
          segment.from() / 3600,
          Math.min(instances, segment.instances()),
          Double.isNaN(segment.price()) ? "" : segment.price());
    }
    Segment last = trace.segments().getLast();
    rows.add(last.to() / 3600, Math.min(instances, last.instances()), "");
    return rows.done();
  }

  /** Trains until the target is reached or the trace ends. */
  public Seen run(Trace trace, int instance, Policy policy) {
    long began = System.nanoTime();
    List<Object[]> curve = new ArrayList<>();
    List<Double> restores = new ArrayList<>();
    int kept = 0;
    int executed = 0;
    int losses = 0;
    int starts = 0;
    long mirrors = 0;
    double up = 0;
    Optional<String> state = Optional.empty();
    double finished = trace.seconds();
    for (double[] span : trace.uptimes(instance)) {
      sleepUntil(began, span[0]);
      double cameAt = traceSeconds(began);
      Product.Running running = start(policy, instance, began, curve);
      starts++;
      boolean lost = !endsBefore(running, began, span[1]);
      if (lost) {
        running.kill();
        losses += span[1] < trace.seconds() ? 1 : 0;
      }
      Product.Ended ended = running.end();
      up += traceSeconds(began) - cameAt;
      List<Event> told = ended.iterations();
      executed += told.size();
      mirrors += told.stream().filter(e -> e.fields().path("mirrored").asBoolean()).count();
      kept =
          told.stream()
              .filter(e -> e.fields().path("mirrored").asBoolean())
              .mapToInt(Event::iteration)
              .max()
              .orElse(kept);
      ended.find("resume").ifPresent(event -> restores.add(event.seconds()));
      Optional<Event> done = ended.find("done");
      if (done.isPresent()) {
        state = Optional.of(done.get().fields().path("state").asText());
        finished = traceSeconds(began);
        break;
      }
      if (!lost) {
        ended.expectDone();
      }
    }
    long bytes = mirrors == 0 ? 0 : mirrors * trainings.mirrorBytes(pm);
    return new Seen(
        new SpotResult(
            instance,
            policy,
            kept,
            executed,
            losses,
            starts,
            bytes,
            restores.isEmpty()
                ? 0
                : Statistics.mean(restores.stream().mapToDouble(x -> x).toArray()),
            state.isPresent(),
            finished,
            up,
            trace.cost(instance, finished, prices.spot()),
            undisturbedSeconds(curve) / 3600 * prices.onDemand()),
        curve,
        state);
  }

  private Product.Running start(Policy policy, int instance, long began, List<Object[]> curve) {
    return trainings.startTraining(
        cfg,
        pm,
        event -> {
          if (event.kind().equals("iteration")) {
            JsonNode fields = event.fields();
            synchronized (curve) {
              curve.add(
                  new Object[] {
                    policy,
                    instance,
                    traceSeconds(began) / 3600,
                    event.iteration(),
                    fields.path("loss").asDouble()
                  });
            }
          }
        },
        "--iterations",
        iterations,
        "--mirror-every",
        policy.every() == 0 ? NEVER : policy.every());
  }

  /** The iterations' own time, as often as they are needed, in the trace's seconds. */
  private double undisturbedSeconds(List<Object[]> curve) {
    if (curve.size() < 2) {
      return 0;
    }
    double[] gaps = new double[curve.size() - 1];
    for (int i = 0; i < gaps.length; i++) {
      gaps[i] = ((double) curve.get(i + 1)[2] - (double) curve.get(i)[2]) * 3600;
    }
    return Statistics.median(gaps) * iterations;
  }

  private double traceSeconds(long began) {
    return (System.nanoTime() - began) / 1e9 * compression;
  }

  private void sleepUntil(long began, double traceSecond) {
    long nanos = (long) (traceSecond / compression * 1e9) - (System.nanoTime() - began);
    try {
      if (nanos > 0) {
        Thread.sleep(nanos / 1_000_000, (int) (nanos % 1_000_000));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Refusal(ExitCode.STOPPED, "interrupted");
    }
  }

  private boolean endsBefore(Product.Running running, long began, double traceSecond) {
    while (running.isAlive()) {
      double now = traceSeconds(began);
      if (now >= traceSecond) {
        return false;
      }
      sleepUntil(began, Math.min(traceSecond, now + 0.01 * compression));
    }
    return true;
  }
}
