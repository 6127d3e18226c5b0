package plinius.store;

import java.nio.file.Path;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A pool's file made longer, in a flight recording. Loaded only where the recorder is. */
@Name("plinius.Growth")
@Label("Pool growth")
@Category("Plinius")
@Description("The file of a pool was made longer: written, forced and mapped anew")
@StackTrace(false)
final class GrowthEvent extends Event {
  @Label("File")
  String file;

  @Label("Before")
  @DataAmount
  long beforeBytes;

  @Label("After")
  @DataAmount
  long afterBytes;

  @Label("Grown")
  boolean grown;

  static void around(Path file, long before, long after, Runnable growth) {
    GrowthEvent event = new GrowthEvent();
    event.begin();
    try {
      growth.run();
      event.grown = true;
    } finally {
      event.end();
      if (event.shouldCommit()) {
        event.file = file.toString();
        event.beforeBytes = before;
        event.afterBytes = event.grown ? after : before;
        event.commit();
      }
    }
  }
}
