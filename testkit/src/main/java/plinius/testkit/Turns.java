package plinius.testkit;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import plinius.pmem.PersistentMemory;

/**
 * Several threads, of which one runs at a time and a seed says which: an interleaving that can be
 * had again. They are virtual threads with a scheduler of ours, so that a thread that waits for a
 * lock simply is not there to be chosen; they change at every ordering instruction of the {@link
 * #memory} and wherever they wait. Timed waiting makes a run depend on the clock.
 *
 * <p>The virtual machine needs {@code --add-opens java.base/java.lang=ALL-UNNAMED} (or =
 * plinius.testkit, where the kit is a module).
 */
public final class Turns {
  private static final long SECONDS_WITHOUT_TURN_MAX = 30;

  private final Random random;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final List<Runnable> ready = new ArrayList<>(); // under the lock
  private final List<Throwable> thrown = new ArrayList<>();
  private int alive;

  private Turns(long seed) {
    random = new Random(seed);
  }

  /**
   * Runs the tasks to their ends, each in a thread of its own.
   *
   * @throws AssertionError with what a task threw, or if all of them wait for each other
   */
  public static void run(long seed, List<Runnable> tasks) {
    new Turns(seed).runAll(tasks);
  }

  /** The calling thread lets another one have a turn; nothing where there are no turns. */
  @SuppressWarnings("ThreadPriorityCheck") // the scheduler is ours
  public static void pass() {
    if (Thread.currentThread().isVirtual()) {
      Thread.yield();
    }
  }

  /** The same memory, where a thread may lose its turn before every ordering instruction. */
  public static PersistentMemory memory(PersistentMemory memory) {
    return new ForwardingMemory(memory) {
      @Override
      public void pwb(long offset, long length) {
        pass();
        super.pwb(offset, length);
      }

      @Override
      public void pfence() {
        pass();
        super.pfence();
      }

      @Override
      public void handOver() {
        pass();
        super.handOver();
      }
    };
  }

  private void runAll(List<Runnable> tasks) {
    alive = tasks.size();
    Thread.Builder.OfVirtual builder = builder(this::submit);
    for (Runnable task : tasks) {
      builder.start(
          () -> {
            try {
              task.run();
            } catch (Throwable failed) {
              thrown.add(failed);
            } finally {
              alive--;
            }
          });
    }
    while (alive > 0) {
      next().run();
    }
    if (!thrown.isEmpty()) {
      AssertionError error = new AssertionError(thrown.getFirst());
      thrown.stream().skip(1).forEach(error::addSuppressed);
      throw error;
    }
  }

  private void submit(Runnable turn) {
    lock.lock();
    try {
      ready.add(turn);
      arrived.signal();
    } finally {
      lock.unlock();
    }
  }

  private Runnable next() {
    lock.lock();
    try {
      while (ready.isEmpty()) {
        if (!arrived.await(SECONDS_WITHOUT_TURN_MAX, TimeUnit.SECONDS)) {
          throw new AssertionError(alive + " threads wait for each other");
        }
      }
      return ready.remove(random.nextInt(ready.size()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } finally {
      lock.unlock();
    }
  }

  /** A builder of virtual threads with another scheduler, which the JDK has for its own tests. */
  private static Thread.Builder.OfVirtual builder(Executor scheduler) {
    try {
      Constructor<?> constructor =
          Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
              .getDeclaredConstructor(Executor.class);
      constructor.setAccessible(true);
      return (Thread.Builder.OfVirtual) constructor.newInstance(scheduler);
    } catch (InvocationTargetException | InstantiationException refused) {
      throw new IllegalStateException("this virtual machine schedules itself", refused);
    } catch (ReflectiveOperationException | RuntimeException closed) {
      throw new IllegalStateException(
          "threads cannot be given turns: add --add-opens java.base/java.lang=ALL-UNNAMED to the"
              + " options of the virtual machine",
          closed);
    }
  }
}
