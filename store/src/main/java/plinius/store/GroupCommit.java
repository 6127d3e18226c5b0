package plinius.store;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;

/**
 * Many small writers share a transaction, and so its fences. On a disk, where a fence is
 * milliseconds, a hundred writers wait for one.
 *
 * <p>Bodies run on this object's thread, one after the other, in the order in which they were
 * handed over; each sees what those before it did. A body that throws takes the whole transaction
 * back, so the others of its group are then run once more, each in a transaction of its own: a body
 * here may run twice and has no effects but those on the pool. Who cannot promise that uses {@link
 * Store#update}. Where an action after a commit throws, all of its group hear of it by a {@link
 * HookFailed}: what they did is durable.
 */
public final class GroupCommit implements AutoCloseable {
  private final Store store;
  private final int groupMax;
  private final LinkedBlockingQueue<Job<?>> jobs = new LinkedBlockingQueue<>();
  private final Thread thread;
  private boolean closed; // guarded by jobs

  private static final class Job<T> {
    final Function<Writing, T> body;
    final CompletableFuture<T> future = new CompletableFuture<>();
    T result;

    Job(Function<Writing, T> body) {
      this.body = body;
    }

    void run(Writing tx) {
      result = body.apply(tx);
    }

    void complete() {
      future.complete(result);
    }
  }

  /** Behind it nothing is handed over any more. */
  private static final Job<Void> END = new Job<>(_ -> null);

  /**
   * Groups the updates of a store.
   *
   * @param groupMax updates in one transaction, at most
   */
  public GroupCommit(Store store, int groupMax) {
    if (groupMax < 1) {
      throw new IllegalArgumentException("a group has at least one update, not " + groupMax);
    }
    this.store = requireNonNull(store);
    this.groupMax = groupMax;
    this.thread = Thread.ofPlatform().daemon().name("group-commit").start(this::work);
  }

  /**
   * Hands an update over; the future completes when it is durable, or with what it threw. It
   * completes on this object's thread: what waits there for another update of this group, a body or
   * a stage that depends on the future, waits for ever.
   */
  public <T> CompletableFuture<T> updateAsync(Function<Writing, T> body) {
    Job<T> job = new Job<>(requireNonNull(body));
    synchronized (jobs) {
      if (closed) {
        throw new IllegalStateException("the group commit is closed");
      }
      jobs.add(job);
    }
    return job.future;
  }

  private void work() {
    List<Job<?>> group = new ArrayList<>();
    boolean last = false;
    while (!last) {
      try {
        group.add(jobs.take());
      } catch (InterruptedException nobodyShould) {
        continue;
      }
      jobs.drainTo(group, groupMax - 1);
      last = group.remove(END);
      if (!group.isEmpty()) {
        commit(group);
      }
      group.clear();
    }
  }

  private void commit(List<Job<?>> group) {
    boolean[] durable = new boolean[1];
    try {
      store.update(
          tx -> {
            tx.onCommit(() -> durable[0] = true);
            group.forEach(job -> job.run(tx));
            return null;
          });
    } catch (Throwable failed) { // of whichever body: its owner hears of it
      if (durable[0] || group.size() == 1) {
        group.forEach(job -> job.future.completeExceptionally(failed));
      } else {
        group.forEach(job -> commit(List.of(job)));
      }
      return;
    }
    group.forEach(Job::complete);
  }

  /** Waits until everything that was handed over is done. */
  @Override
  public void close() {
    synchronized (jobs) {
      if (!closed) {
        closed = true;
        jobs.add(END);
      }
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
