package plinius.evaluation.spot;

import java.util.OptionalDouble;
import plinius.evaluation.Table;

/**
 * What became of one training under a trace.
 *
 * @param instance number of the instance that ran it
 * @param completed iterations whose work the final state holds
 * @param executed iterations that were computed, again or not
 * @param losses how often its instance went away while it trained
 * @param starts how often it was started
 * @param persistedBytes written to persistent memory or to checkpoints
 * @param restoreSeconds from a restart to the first new iteration's beginning, the mean; 0 without
 * @param finished whether it reached its target
 * @param seconds when it did, or how long the trace is, in the trace's time
 * @param upSeconds for how long an instance was paid until then
 * @param cost of the spot instance in USD until then
 * @param onDemandCost of an instance that nobody takes away, for as long as the undisturbed
 *     training needs
 */
public record SpotResult(
    int instance,
    Policy policy,
    int completed,
    int executed,
    int losses,
    int starts,
    long persistedBytes,
    double restoreSeconds,
    boolean finished,
    double seconds,
    double upSeconds,
    double cost,
    double onDemandCost) {

  /** Iterations whose work was lost. */
  public int wasted() {
    return executed - completed;
  }

  /** Whether it reached its target within so many seconds of the trace. */
  public boolean meets(double deadlineSeconds) {
    return finished && seconds <= deadlineSeconds;
  }

  /** A table for results. */
  public static Table.Rows table(String name) {
    return Table.of(
        name,
        "trace",
        "how",
        "policy",
        "instance",
        "completed",
        "executed",
        "wasted",
        "losses",
        "starts",
        "persistedBytes",
        "restoreSeconds",
        "finished",
        "deadlineMet",
        "hours",
        "upHours",
        "cost",
        "onDemandCost");
  }

  /**
   * Adds this result as a row.
   *
   * @param deadlineSeconds of the trace; without one the cell is empty
   */
  public void addTo(Table.Rows rows, String trace, String how, OptionalDouble deadlineSeconds) {
    rows.add(
        trace,
        how,
        policy,
        instance,
        completed,
        executed,
        wasted(),
        losses,
        starts,
        persistedBytes,
        restoreSeconds,
        finished,
        deadlineSeconds.isPresent() ? meets(deadlineSeconds.getAsDouble()) : "",
        seconds / 3600,
        upSeconds / 3600,
        cost,
        onDemandCost);
  }
}
