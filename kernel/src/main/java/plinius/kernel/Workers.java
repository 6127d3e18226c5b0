package plinius.kernel;

import java.util.concurrent.CompletableFuture;
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
  private volatile Batch batch;
  private volatile boolean closed;

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
   * thread may call it, one at a time.
   */
  public void run(int tasks, IntConsumer task) {
    if (wake.length == 0 || tasks <= 1) {
      for (int i = 0; i < tasks; i++) {
        task.accept(i);
      }
      return;
    }
    int helpers = Math.min(wake.length, tasks - 1);
    Batch mine = new Batch(tasks, task, helpers);
    batch = mine;
    for (int i = 0; i < helpers; i++) {
      wake[i].release();
    }
    mine.take();
    mine.done.join(); // an interrupt is kept for later
    batch = null;
    Throwable failure = mine.failure.get();
    if (failure instanceof RuntimeException e) {
      throw e;
    }
    if (failure instanceof Error e) {
      throw e;
    }
  }

  private void work(Semaphore mine) {
    while (!closed) {
      mine.acquireUninterruptibly();
      Batch current = batch;
      if (closed || current == null) {
        return;
      }
      current.take();
      current.leave();
    }
  }

  @Override
  public void close() {
    closed = true;
    for (Semaphore each : wake) {
      each.release();
    }
  }

  private static final class Batch {
    final int tasks;
    final IntConsumer task;
    final AtomicInteger helpers; // that have not left
    final CompletableFuture<Void> done = new CompletableFuture<>();
    final AtomicInteger next = new AtomicInteger();
    final AtomicReference<Throwable> failure = new AtomicReference<>();

    Batch(int tasks, IntConsumer task, int helpers) {
      this.tasks = tasks;
      this.task = task;
      this.helpers = new AtomicInteger(helpers);
    }

    void leave() {
      if (helpers.decrementAndGet() == 0) {
        done.complete(null);
      }
    }

    void take() {
      try {
        for (int i = next.getAndIncrement(); i < tasks; i = next.getAndIncrement()) {
          task.accept(i);
        }
      } catch (RuntimeException | Error e) {
        failure.compareAndSet(null, e);
        next.set(tasks);
      }
    }
  }
}
