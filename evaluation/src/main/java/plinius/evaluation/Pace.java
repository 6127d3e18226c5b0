package plinius.evaluation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** How much is still to come: the experiments' estimates, corrected by how long others took. */
final class Pace {
  private final Laboratory.Effort effort;
  private final List<Experiment> toCome;
  private Duration expected = Duration.ZERO;
  private Duration spent = Duration.ZERO;

  /** Nothing of this has run yet. */
  Pace(Laboratory.Effort effort, List<Experiment> toCome) {
    this.effort = effort;
    this.toCome = new ArrayList<>(toCome);
  }

  /** An experiment has ended. */
  void took(Experiment experiment, Duration time) {
    toCome.remove(experiment);
    expected = expected.plus(experiment.estimate(effort));
    spent = spent.plus(time);
  }

  /** Of one that is to begin, and of all that are to come with it. */
  String words(Experiment next) {
    return "about "
        + text(next.estimate(effort))
        + ", all that is to come about "
        + text(
            toCome.stream().map(one -> one.estimate(effort)).reduce(Duration.ZERO, Duration::plus));
  }

  private String text(Duration estimate) {
    double factor =
        expected.isZero() ? 1 : (double) spent.toNanos() / Math.max(1, expected.toNanos());
    long seconds = Math.round(estimate.toSeconds() * factor);
    return seconds < 90 ? Math.max(1, seconds) + " s" : Math.round(seconds / 60.0) + " min";
  }
}
