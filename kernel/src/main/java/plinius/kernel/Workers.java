package plinius.kernel;

import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;

/**
 * Long-lived threads that share out numbered tasks. Which thread takes which task is left open, so
 * a task's result must not depend on it: each writes to a place of its own.
 */
public final class Workers implements AutoCloseable {

  private final Semaphore[] wake;
  private final Semaphore done = new Semaphore(0);
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger helpers = new AtomicInteger(); // that are not done yet
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private volatile boolean closed;

  // Of the tasks under way: written before the helpers are woken.
  private int tasks;
  private IntConsumer task;

  /**
   * Starts threads - 1 daemon threads; the caller of {@link #run} is the other one.
   *
   * @throws IllegalArgumentException if threads is not positive
   */
  public Workers(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("at least one thread is needed, got " + threads);
    }
    wake = new Semaphore[threads - 1];
    for (int i = 0; i < wake.length; i++) {
      Semaphore mine = new Semaphore(0);
      wake[i] = mine;
      Thread.ofPlatform().daemon().name("worker-" + (i + 1)).start(() -> work(mine));
    }
  }

  /** Threads that share out tasks, the caller's included. */
  public int threads() {
    return wake.length + 1;
  }

  /**
   * Runs task 0 to tasks - 1, and returns when all are done. What a task throws is thrown here. Any
   * thread may call it, one at a time. Allocates nothing but what threads wait in.
   */
  public void run(int tasks, IntConsumer task) {
    int woken = Math.min(wake.length, tasks - 1);
    if (woken < 1) {
      for (int i = 0; i < tasks; i++) {
        task.accept(i);
      }
      return;
    }
    this.tasks = tasks;
    this.task = task;
    next.set(0);
    helpers.set(woken);
    for (int i = 0; i < woken; i++) {
      wake[i].release();
    }
    take();
    done.acquireUninterruptibly(); // an interrupt is kept for later
    this.task = null; // what it holds is the caller's again
    Throwable thrown = failure.getAndSet(null);
    if (thrown instanceof RuntimeException e) {
      throw e;
    }
    if (thrown instanceof Error e) {
      throw e;
    }
  }

  private void work(Semaphore mine) {
    for (; ; ) {
      mine.acquireUninterruptibly();
      if (closed) {
        return;
      }
      take();
      if (helpers.decrementAndGet() == 0) {
        done.release();
      }
    }
  }

  private void take() {
    try {
      for (int i = next.getAndIncrement(); i < tasks; i = next.getAndIncrement()) {
        task.accept(i);
      }
    } catch (RuntimeException | Error e) {
      failure.compareAndSet(null, e);
      next.set(tasks);
    }
  }

  @Override
  public void close() {
    closed = true;
    for (Semaphore each : wake) {
      each.release();
    }
  }
}
