package plinius.store;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import plinius.romulus.PoolStats;

/**
 * What the first update of a pool did about what the last process left, in a flight recording; at
 * the instant of that update's end. Loaded only where the recorder is.
 */
@Name("plinius.Recovery")
@Label("Pool recovery")
@Category("Plinius")
@Description("The committed twin of a pool was copied over the other one")
@StackTrace(false)
final class RecoveryEvent extends Event {
  /** The only kind there is. */
  private static final String WHOLE_COPY = "whole copy";

  @Label("Kind")
  String kind;

  @Label("Copied")
  @DataAmount
  long copiedBytes;

  @Label("Time")
  @Timespan(Timespan.NANOSECONDS)
  long nanos;

  static void record(PoolStats stats) {
    RecoveryEvent event = new RecoveryEvent();
    if (event.shouldCommit()) {
      event.kind = WHOLE_COPY;
      event.copiedBytes = stats.recoveredBytes();
      event.nanos = stats.recoveryNanos();
      event.commit();
    }
  }
}
