package plinius.evaluation.spot;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;
import plinius.evaluation.Table;
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
    List<SpotAccount.Uptime> uptimes = new ArrayList<>();
    for (double[] span : trace.uptimes(instance)) {
      sleepUntil(began, span[0]);
      double cameAt = traceSeconds(began);
      Product.Running running = start(policy);
      boolean inTime = endsBefore(running, began, span[1]);
      if (!inTime) {
        running.kill();
      }
      Product.Ended ended = running.end();
      uptimes.add(
          new SpotAccount.Uptime(
              cameAt, traceSeconds(began), !inTime && span[1] < trace.seconds(), ended.events()));
      if (ended.find("done").isPresent()) {
        break;
      }
      if (inTime) {
        ended.expectDone();
      }
    }
    SpotAccount account = new SpotAccount(trace, instance, policy, compression, uptimes);
    return new Seen(
        account.result(iterations, account.mirrored() ? trainings.mirrorBytes(pm) : 0, prices),
        account.curve(),
        account.state());
  }

  private Product.Running start(Policy policy) {
    return trainings.startTraining(
        cfg,
        pm,
        event -> {},
        "--iterations",
        iterations,
        "--mirror-every",
        policy.every() == 0 ? NEVER : policy.every());
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
