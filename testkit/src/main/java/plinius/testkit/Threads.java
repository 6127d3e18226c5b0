package plinius.testkit;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Numbers threads from 0 in the order in which they are met. */
final class Threads {
  private final Map<Thread, Integer> numbers = new ConcurrentHashMap<>();
  private final AtomicInteger next = new AtomicInteger();

  /** The number of the calling thread. */
  int number() {
    return numbers.computeIfAbsent(Thread.currentThread(), _ -> next.getAndIncrement());
  }
}
