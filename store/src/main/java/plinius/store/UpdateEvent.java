package plinius.store;

import java.util.function.Supplier;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import plinius.pmem.PersistentMemory;
import plinius.romulus.Pool;
import plinius.romulus.PoolStats;

/**
 * A transaction in a flight recording. The counts are those of the pool while it ran, so they
 * include what other writers did at the same time. Loaded only where the recorder is.
 */
@Name("plinius.Update")
@Label("Pool update")
@Category("Plinius")
@Description("A durable transaction on a pool of persistent memory")
@StackTrace(false)
final class UpdateEvent extends Event {
  @Label("Committed")
  boolean committed;

  @Label("Fences")
  long pfences;

  @Label("Written back")
  @DataAmount
  long writtenBackBytes;

  @Label("Lines written back")
  long writtenBackLines;

  @Label("Cut-overs")
  long cutOvers;

  static <T> T around(Pool pool, Supplier<T> update) {
    UpdateEvent event = new UpdateEvent();
    if (!event.isEnabled()) {
      return update.get();
    }
    PoolStats before = pool.stats();
    event.begin();
    try {
      T result = update.get();
      event.committed = true;
      return result;
    } catch (HookFailed durable) {
      event.committed = true;
      throw durable;
    } finally {
      event.end();
      if (event.shouldCommit()) {
        PoolStats after = pool.stats();
        event.pfences = after.pfences() - before.pfences();
        event.writtenBackBytes = after.writtenBackBytes() - before.writtenBackBytes();
        event.writtenBackLines = event.writtenBackBytes / PersistentMemory.LINE_BYTES;
        event.cutOvers = after.cutOvers() - before.cutOvers();
        event.commit();
      }
    }
  }
}
