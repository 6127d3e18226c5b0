package plinius.enclave.train;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/**
 * The thread that mirrors: who trains waits until the tensors are sealed, and computes on while
 * this thread waits for the medium and the broker. So all threads are there to seal, and what runs
 * beside computing needs no core. One mirror at a time, each in one transaction of one thread.
 */
final class MirrorThread implements AutoCloseable {
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("mirror").factory());
  private CompletableFuture<Void> underWay = CompletableFuture.completedFuture(null);

  /**
   * Begins a mirror when the one before is complete, and returns when it has run what it is given,
   * which says that the tensors are sealed. What it throws before is thrown here.
   */
  void begin(Consumer<Runnable> mirror) {
    await();
    CompletableFuture<Void> sealed = new CompletableFuture<>();
    underWay = CompletableFuture.runAsync(() -> mirror.accept(() -> sealed.complete(null)), thread);
    join(CompletableFuture.anyOf(sealed, underWay));
  }

  /** Waits for the mirror that is under way, if there is one. What it throws is thrown here. */
  void await() {
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
