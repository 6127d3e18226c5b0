package plinius.kernel;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/**
 * A thread for what goes on beside computing, one task at a time: its owner begins a task, computes
 * on, and waits for it when he needs what it did.
 */
public final class SideThread implements AutoCloseable {
  private final ExecutorService thread;
  private CompletableFuture<Void> underWay = CompletableFuture.completedFuture(null);

  /** A daemon thread of this name. */
  public SideThread(String name) {
    thread = Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name(name).factory());
  }

  /** Begins a task when the one before is complete, whose failure is thrown here. */
  public void begin(Runnable task) {
    await();
    underWay = CompletableFuture.runAsync(task, thread);
  }

  /**
   * Begins a task likewise, and returns when it has run what it is given, or is complete. What it
   * throws before is thrown here.
   */
  public void beginUntil(Consumer<Runnable> task) {
    CompletableFuture<Void> released = new CompletableFuture<>();
    begin(() -> task.accept(() -> released.complete(null)));
    join(CompletableFuture.anyOf(released, underWay));
  }

  /** Waits for the task that is under way, if there is one. What it throws is thrown here. */
  public void await() {
    join(underWay);
  }

  private static void join(CompletableFuture<?> future) {
    try {
      future.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) e.getCause(); // nothing else leaves a lambda that declares nothing
    }
  }

  /** Waits likewise, and throws nothing of it: something else has gone wrong then. */
  @Override
  public void close() {
    thread.close();
  }
}
