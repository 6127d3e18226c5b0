package plinius.evaluation.spot;

/**
 * Training under a trace, counted instead of run: for horizons of weeks.
 *
 * @param target iterations to reach
 * @param iterationSeconds of one iteration without saving anything
 * @param saveSeconds of saving the state once
 * @param startSeconds from an instance's coming to the first iteration's beginning
 * @param stateBytes of one saved state
 * @param onDemandPrice USD an hour of an instance that nobody takes away
 * @param spotPrice USD an hour where the trace has no price
 */
public record Counting(
    int target,
    double iterationSeconds,
    double saveSeconds,
    double startSeconds,
    long stateBytes,
    double onDemandPrice,
    double spotPrice) {

  public Counting {
    if (target < 1 || !(iterationSeconds > 0) || saveSeconds < 0 || startSeconds < 0) {
      throw new IllegalArgumentException("cannot count with " + target + ", " + iterationSeconds);
    }
  }

  /** What becomes of a training on one instance of a trace. */
  public SpotResult count(Trace trace, int instance, Policy policy) {
    int kept = 0;
    int executed = 0;
    int losses = 0;
    int starts = 0;
    long saves = 0;
    double upSeconds = 0;
    for (double[] up : trace.uptimes(instance)) {
      starts++;
      double at = up[0] + startSeconds;
      int iteration = kept;
      while (iteration < target) {
        boolean saving =
            policy.every() > 0
                && ((iteration + 1) % policy.every() == 0 || iteration + 1 == target);
        double ends = at + iterationSeconds;
        if (ends > up[1]) {
          break; // lost in the middle: not counted as executed, for no loss was told
        }
        executed++;
        iteration++;
        at = ends;
        if (saving) {
          at += saveSeconds;
          if (at > up[1]) {
            break; // lost while it was being saved
          }
          kept = iteration;
          saves++;
        }
      }
      if (iteration == target && at <= up[1]) {
        upSeconds += at - up[0];
        return result(
            trace, instance, policy, target, executed, losses, starts, saves, true, at, upSeconds);
      }
      upSeconds += up[1] - up[0];
      if (up[1] < trace.seconds()) {
        losses++;
      }
    }
    return result(
        trace,
        instance,
        policy,
        kept,
        executed,
        losses,
        starts,
        saves,
        false,
        trace.seconds(),
        upSeconds);
  }

  private SpotResult result(
      Trace trace,
      int instance,
      Policy policy,
      int completed,
      int executed,
      int losses,
      int starts,
      long saves,
      boolean finished,
      double seconds,
      double upSeconds) {
    double undisturbed = startSeconds + target * iterationSeconds;
    return new SpotResult(
        instance,
        policy,
        completed,
        executed,
        losses,
        starts,
        saves * stateBytes,
        starts > 1 ? startSeconds : 0,
        finished,
        seconds,
        upSeconds,
        trace.cost(instance, seconds, spotPrice),
        undisturbed / 3600 * onDemandPrice);
  }
}
