package plinius.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class SideThreadTest {
  private final List<String> happened = Collections.synchronizedList(new ArrayList<>());

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).as("the other thread came").isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static Runnable failing(RuntimeException failure) {
    return () -> {
      throw failure;
    };
  }

  @Test
  void who_begins_a_task_goes_on_at_once_and_the_next_begins_when_it_is_complete() {
    CountDownLatch goneOn = new CountDownLatch(1);

    try (SideThread thread = new SideThread("side")) {
      thread.begin(
          () -> {
            await(goneOn);
            happened.add("first, by " + Thread.currentThread().getName());
          });
      happened.add("going on");
      goneOn.countDown();
      thread.begin(() -> happened.add("second"));
      thread.await();
      happened.add("waited");
    }

    assertThat(happened).containsExactly("going on", "first, by side", "second", "waited");
  }

  @Test
  void who_begins_until_goes_on_when_that_is_said_and_not_before() {
    CountDownLatch goneOn = new CountDownLatch(1);

    try (SideThread thread = new SideThread("side")) {
      thread.beginUntil(
          release -> {
            happened.add("sealing");
            release.run();
            await(goneOn);
            happened.add("durable");
          });
      happened.add("computing");
      goneOn.countDown();
      thread.beginUntil(
          release -> {
            happened.add("the next");
            release.run();
          });
    }

    assertThat(happened).containsExactly("sealing", "computing", "durable", "the next");
  }

  @Test
  void who_begins_until_what_is_never_said_goes_on_at_the_end() {
    try (SideThread thread = new SideThread("side")) {
      thread.beginUntil(_ -> happened.add("done"));
      happened.add("going on");
    }

    assertThat(happened).containsExactly("done", "going on");
  }

  @Test
  void what_fails_is_thrown_as_it_is_by_who_waits_or_begins_the_next() {
    RuntimeException failure = new IllegalStateException("failed");

    try (SideThread thread = new SideThread("side")) {
      thread.begin(failing(failure));
      assertThatThrownBy(thread::await).isSameAs(failure);
      assertThatThrownBy(() -> thread.begin(() -> happened.add("the next"))).isSameAs(failure);
    }

    assertThat(happened).isEmpty();
  }

  @Test
  void what_fails_before_it_is_said_is_thrown_at_once_and_afterwards_by_who_waits() {
    RuntimeException early = new IllegalStateException("early");
    Error late = new AssertionError("late");

    try (SideThread thread = new SideThread("side")) {
      assertThatThrownBy(() -> thread.beginUntil(_ -> failing(early).run())).isSameAs(early);
    }
    try (SideThread thread = new SideThread("side")) {
      thread.beginUntil(
          release -> {
            release.run();
            throw late;
          });
      assertThatThrownBy(thread::await).isSameAs(late);
      assertThatThrownBy(() -> thread.beginUntil(Runnable::run)).isSameAs(late);
    }
  }

  @Test
  void closing_waits_for_the_task_and_ends_the_thread() throws InterruptedException {
    CountDownLatch goneOn = new CountDownLatch(1);
    AtomicReference<Thread> aside = new AtomicReference<>();
    AtomicBoolean complete = new AtomicBoolean();

    try (SideThread thread = new SideThread("side")) {
      thread.begin(
          () -> {
            aside.set(Thread.currentThread());
            await(goneOn);
            complete.set(true);
          });
      goneOn.countDown();
    }

    assertThat(complete).isTrue();
    aside.get().join(20_000);
    assertThat(aside.get().isAlive()).isFalse();
  }
}
