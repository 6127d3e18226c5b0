package plinius.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.pmem.PmemException;
import plinius.romulus.PoolException;
import plinius.romulus.PoolStats;
import plinius.romulus.Protocol;

/** Objects, hooks and group commit; the example of how a program uses a pool. */
@SuppressWarnings("ArrayRecordComponent") // that is how arrays of fixed length lie in an object
class StoreTest {
  /** A model as somebody might keep it. */
  record Model(long iteration, float loss, Ref<Layer> first) {}

  record Layer(
      int filters,
      double scale,
      @Length(5) float[] weights,
      @Length(3) byte[] tag,
      Ref<Layer> next) {}

  private static final Layout<Model> MODEL = Layout.of(MethodHandles.lookup(), Model.class);
  private static final Layout<Layer> LAYER = Layout.of(MethodHandles.lookup(), Layer.class);
  private static final Layout.Field<Model> ITERATION = MODEL.longField("iteration");
  private static final Layout.Field<Model> LOSS = MODEL.floatField("loss");
  private static final Layout.Field<Model> FIRST = MODEL.refField("first");

  @TempDir Path folder;
  private PoolFile file;
  private Store store;

  @BeforeEach
  void create() {
    file =
        PoolFile.create(
            folder.resolve("a.pm"), 1 << 20, Protocol.PING_PONG, PoolFile.Options.writing());
    store = new Store(file.pool());
  }

  @AfterEach
  void close() {
    file.close();
  }

  private void reopen() {
    file.close();
    file = PoolFile.open(folder.resolve("a.pm"), PoolFile.Options.writing());
    store = new Store(file.pool());
  }

  private static Layer layer(int filters, Ref<Layer> next) {
    return new Layer(filters, 0.5, new float[] {1, 2, 3, 4, -0.0f}, new byte[] {7, 8, -9}, next);
  }

  private static Ref<Model> make(Writing tx) {
    Ref<Layer> second = tx.alloc(LAYER, layer(2, Ref.none()));
    Ref<Layer> first = tx.alloc(LAYER, layer(1, second));
    Ref<Model> model = tx.alloc(MODEL, new Model(0, 2.5f, first));
    tx.setRoot("model", MODEL, model);
    return model;
  }

  @Test
  void a_program_keeps_a_model_over_restarts() {
    store.update(StoreTest::make);
    for (int i = 0; i < 3; i++) {
      reopen();
      store.update(
          tx -> {
            Ref<Model> model = tx.root("model", MODEL);
            tx.setLong(ITERATION, model, tx.getLong(ITERATION, model) + 1);
            tx.setFloat(LOSS, model, tx.getFloat(LOSS, model) / 2);
            return null;
          });
    }
    reopen();
    Model model = store.read(tx -> tx.get(MODEL, tx.root("model", MODEL)));
    assertThat(model.iteration()).isEqualTo(3);
    assertThat(model.loss()).isEqualTo(2.5f / 8);
    Layer second =
        store.read(
            tx -> {
              Layer first = tx.get(LAYER, tx.getRef(FIRST, tx.root("model", MODEL), LAYER));
              assertThat(first.filters()).isEqualTo(1);
              return tx.get(LAYER, first.next());
            });
    assertThat(second).usingRecursiveComparison().isEqualTo(layer(2, Ref.none()));
  }

  @Test
  void objects_are_replaced_copied_and_freed() {
    Ref<Layer> a = store.update(tx -> tx.alloc(LAYER, layer(1, Ref.none())));
    Ref<Layer> b = store.update(tx -> tx.alloc(LAYER, layer(2, a)));
    store.update(
        tx -> {
          tx.set(LAYER, a, layer(3, b));
          tx.copy(LAYER, a, b);
          return null;
        });
    assertThat(store.<Integer>read(tx -> tx.get(LAYER, b).filters())).isEqualTo(3);
    store.update(
        tx -> {
          tx.free(LAYER, a);
          return null;
        });
    assertThatThrownBy(() -> store.read(tx -> tx.get(LAYER, a)))
        .isInstanceOf(PoolException.Incompatible.class)
        .hasMessageContaining("freed");
    assertThatThrownBy(() -> store.read(tx -> tx.get(LAYER, Ref.none())))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void bytes_are_filled_and_copied_in_bulk() {
    byte[] found =
        store.update(
            tx -> {
              long from = tx.raw().alloc(100_000);
              long to = tx.raw().alloc(100_000);
              tx.fill(from, 99_999, (byte) 6);
              tx.copy(from, to, 100_000);
              byte[] bytes = new byte[100_000];
              tx.raw().read(to, bytes, 0, bytes.length);
              return bytes;
            });
    assertThat(found[99_999]).isZero();
    found[99_999] = 6;
    assertThat(found).containsOnly(6);
  }

  @Test
  void a_component_of_each_kind_is_changed_alone() {
    Layout.Field<Layer> filters = LAYER.intField("filters");
    Layout.Field<Layer> scale = LAYER.doubleField("scale");
    Layer before = new Layer(3, .5, new float[] {1, 2, 3, 4, 5}, new byte[] {6, 7, 8}, Ref.none());

    Layer after =
        store.update(
            tx -> {
              Ref<Layer> one = tx.alloc(LAYER, before);
              tx.setInt(filters, one, tx.getInt(filters, one) + 1);
              tx.setDouble(scale, one, -tx.getDouble(scale, one));
              return tx.get(LAYER, one);
            });

    assertThat(after.filters()).isEqualTo(4);
    assertThat(after.scale()).isEqualTo(-.5);
    assertThat(after.weights()).containsExactly(1, 2, 3, 4, 5);
    assertThat(after.tag()).containsExactly(6, 7, 8);
  }

  record Pair(int a, int b) {}

  record Mixed(long whole, double real, float half, Ref<Layer> layer, Ref<?> any) {}

  private static final Layout<Pair> PAIR = Layout.of(MethodHandles.lookup(), Pair.class);
  private static final Layout<Mixed> MIXED = Layout.of(MethodHandles.lookup(), Mixed.class);

  @Test
  void a_component_is_accessed_as_what_it_is_and_its_neighbour_stays() {
    Layout.Field<Pair> first = PAIR.intField("a");
    Ref<Pair> pair = store.update(tx -> tx.alloc(PAIR, new Pair(1, 2)));
    List<Consumer<Writing>> wrong =
        List.of(
            tx -> tx.setLong(first, pair, -1),
            tx -> tx.setDouble(first, pair, -1),
            tx -> tx.setFloat(first, pair, -1),
            tx -> tx.setRef(first, pair, PAIR, pair),
            tx -> tx.getLong(first, pair),
            tx -> tx.getDouble(first, pair),
            tx -> tx.getFloat(first, pair),
            tx -> tx.getRef(first, pair, PAIR));
    for (Consumer<Writing> access : wrong) {
      assertRefused(access, "int a of Pair(int a, int b)");
    }
    assertThat(store.<Pair>read(tx -> tx.get(PAIR, pair))).isEqualTo(new Pair(1, 2));
  }

  @Test
  void every_other_kind_is_refused_for_each_kind_of_component() {
    Mixed before = new Mixed(1, 2, 3, Ref.none(), Ref.none());
    Ref<Mixed> mixed = store.update(tx -> tx.alloc(MIXED, before));
    Ref<Layer> layer = store.update(tx -> tx.alloc(LAYER, layer(1, Ref.none())));
    for (Layout.Field<Mixed> field :
        List.of(MIXED.longField("whole"), MIXED.doubleField("real"), MIXED.refField("layer"))) {
      assertRefused(tx -> tx.setInt(field, mixed, 7), "INT");
      assertRefused(tx -> tx.setFloat(field, mixed, 7), "FLOAT");
    }
    assertRefused(tx -> tx.setDouble(MIXED.longField("whole"), mixed, 7), "DOUBLE");
    assertRefused(tx -> tx.setLong(MIXED.doubleField("real"), mixed, 7), "LONG");
    assertRefused(tx -> tx.setLong(MIXED.refField("layer"), mixed, 4112), "LONG");
    assertRefused(tx -> tx.setInt(MIXED.floatField("half"), mixed, 7), "INT");
    assertRefused(tx -> tx.setRef(MIXED.longField("whole"), mixed, LAYER, layer), "REF");
    assertThat(store.<Mixed>read(tx -> tx.get(MIXED, mixed))).isEqualTo(before);
  }

  @Test
  void a_reference_leads_to_what_it_was_declared_to_lead_to() {
    Layout.Field<Mixed> layer = MIXED.refField("layer");
    Layout.Field<Mixed> any = MIXED.refField("any");
    Ref<Mixed> mixed =
        store.update(tx -> tx.alloc(MIXED, new Mixed(1, 2, 3, Ref.none(), Ref.none())));
    Ref<Pair> pair = store.update(tx -> tx.alloc(PAIR, new Pair(1, 2)));
    assertRefused(tx -> tx.setRef(layer, mixed, PAIR, pair), "Ref<Layer> layer");
    assertRefused(tx -> tx.setRef(layer, mixed, PAIR, Ref.none()), "Ref<Layer> layer");
    assertRefused(tx -> tx.getRef(layer, mixed, PAIR), "Pair(int a, int b)");
    store.update(
        tx -> {
          tx.setRef(layer, mixed, LAYER, tx.alloc(LAYER, layer(5, Ref.none())));
          tx.setRef(any, mixed, PAIR, pair); // declared to lead anywhere
          return null;
        });
    store.read(
        tx -> {
          assertThat(tx.get(LAYER, tx.getRef(layer, mixed, LAYER)).filters()).isEqualTo(5);
          assertThat(tx.getRef(any, mixed, PAIR)).isEqualTo(pair);
          return null;
        });
  }

  private void assertRefused(Consumer<Writing> access, String what) {
    assertThatThrownBy(
            () ->
                store.update(
                    tx -> {
                      access.accept(tx);
                      return null;
                    }))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(what);
  }

  /** A model with an int where the other version has a long. */
  record Later(int iteration, float loss, Ref<Layer> first) {}

  private static final Layout<Later> LATER = Layout.of(MethodHandles.lookup(), Later.class);

  @Test
  void an_object_of_another_layout_is_refused() {
    store.update(StoreTest::make);
    reopen();
    assertThatThrownBy(() -> store.read(tx -> tx.root("model", LATER)))
        .isInstanceOf(PoolException.Incompatible.class)
        .hasMessageContaining("int iteration")
        .hasMessageContaining(Long.toHexString(MODEL.hash()));
    assertThatThrownBy(() -> store.read(tx -> tx.root("model", LAYER)))
        .isInstanceOf(PoolException.Incompatible.class);
  }

  @Test
  void the_layout_of_a_record_is_fixed() {
    // These are persistent: a change of either would lock people out of their pools.
    assertThat(LAYER.toString())
        .isEqualTo(
            "Layer(int filters, double scale, float[5] weights, byte[3] tag, Ref<Layer> next)");
    assertThat(LAYER.offset("filters")).isEqualTo(8);
    assertThat(LAYER.offset("scale")).isEqualTo(16);
    assertThat(LAYER.offset("weights")).isEqualTo(24);
    assertThat(LAYER.offset("tag")).isEqualTo(44);
    assertThat(LAYER.offset("next")).isEqualTo(48);
    assertThat(LAYER.bytes()).isEqualTo(56);
  }

  record NoArrayLength(float[] x) {}

  record Text(String x) {}

  record Large(@Length(1 << 30) long[] x) {}

  @Test
  void records_that_have_no_layout_are_refused_by_name() {
    for (Class<? extends Record> wrong :
        List.<Class<? extends Record>>of(NoArrayLength.class, Text.class, Large.class)) {
      assertThatThrownBy(() -> Layout.of(MethodHandles.lookup(), wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("component x of " + wrong.getSimpleName());
    }
    assertThatThrownBy(() -> MODEL.intField("iteration"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> MODEL.longField("missing"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () ->
                store.update(
                    tx -> tx.alloc(LAYER, new Layer(1, 1, new float[4], new byte[3], Ref.none()))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("5 elements, not 4");
  }

  @Test
  void hooks_run_after_the_outermost_transaction_and_only_one_kind_of_them() {
    List<String> happened = new ArrayList<>();
    store.update(
        tx -> {
          tx.onCommit(() -> happened.add("outer committed"));
          tx.onAbort(() -> happened.add("outer aborted"));
          store.update(
              inner -> {
                inner.onCommit(
                    () -> happened.add("inner committed " + store.pool().info().sequence()));
                return make(inner);
              });
          assertThat(happened).isEmpty();
          return null;
        });
    assertThat(happened).containsExactly("outer committed", "inner committed 1");
    happened.clear();
    IllegalStateException mind = new IllegalStateException("changed its mind");
    assertThatThrownBy(
            () ->
                store.update(
                    tx -> {
                      tx.onCommit(() -> happened.add("committed"));
                      tx.onAbort(() -> happened.add("aborted"));
                      tx.onAbort(
                          () -> {
                            throw new IllegalArgumentException("hook");
                          });
                      tx.onAbort(
                          () -> {
                            throw new AssertionError("hook");
                          });
                      tx.onAbort(() -> happened.add("aborted, last"));
                      tx.setRoot("model", MODEL, Ref.none());
                      throw mind;
                    }))
        .isSameAs(mind);
    assertThat(mind.getSuppressed())
        .extracting(Throwable::getClass)
        .containsExactly(IllegalArgumentException.class, AssertionError.class);
    assertThat(happened).containsExactly("aborted", "aborted, last");
    assertThat(store.<Boolean>read(tx -> tx.root("model", MODEL).isNone())).isFalse();
    abortOne();
  }

  @Test
  void a_group_of_updates_shares_its_fences_and_a_failure_stays_with_its_owner() throws Exception {
    Ref<Model> model = store.update(StoreTest::make);
    long fences = store.pool().stats().pfences();
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch gate = new CountDownLatch(1);
    List<CompletableFuture<Long>> futures = new ArrayList<>();
    CompletableFuture<Long> failing;
    try (GroupCommit group = new GroupCommit(store, 1000)) {
      CompletableFuture<Void> first =
          group.updateAsync(
              _ -> {
                started.countDown();
                await(gate);
                return null;
              });
      await(started);
      for (int i = 0; i < 100; i++) {
        futures.add(group.updateAsync(tx -> increment(tx, model)));
      }
      gate.countDown();
      first.get();
      for (CompletableFuture<Long> future : futures) {
        future.get();
      }
      // Two fences for all of them; the first one stored nothing.
      assertThat(store.pool().stats().pfences() - fences).isEqualTo(2);
      assertThat(futures.getLast().get()).isEqualTo(100);
      futures.add(group.updateAsync(tx -> increment(tx, model)));
      failing =
          group.updateAsync(
              tx -> {
                increment(tx, model);
                throw new IllegalStateException("mine");
              });
      futures.add(group.updateAsync(tx -> increment(tx, model)));
    }
    assertThatThrownBy(failing::get)
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseMessage("mine");
    assertThat(futures.getLast().get()).isEqualTo(102);
    assertThat(store.<Long>read(tx -> tx.getLong(ITERATION, model))).isEqualTo(102);
  }

  private static long increment(Writing tx, Ref<Model> model) {
    long next = tx.getLong(ITERATION, model) + 1;
    tx.setLong(ITERATION, model, next);
    return next;
  }

  private static void await(CountDownLatch gate) {
    try {
      gate.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void actions_after_a_commit_all_run_and_a_failing_one_undoes_and_repeats_nothing() {
    Ref<Model> model = store.update(StoreTest::make);
    List<String> happened = new ArrayList<>();
    assertThatThrownBy(
            () ->
                store.update(
                    tx -> {
                      tx.onCommit(() -> fail("first"));
                      tx.onCommit(() -> happened.add("second"));
                      tx.onCommit(() -> fail("third"));
                      return increment(tx, model);
                    }))
        .isInstanceOf(HookFailed.class)
        .hasMessageContaining("durable")
        .hasRootCauseMessage("first")
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
    assertThat(happened).containsExactly("second");

    CountDownLatch gate = new CountDownLatch(1);
    List<CompletableFuture<Long>> futures = new ArrayList<>();
    try (GroupCommit group = new GroupCommit(store, 1000)) {
      futures.add(
          group.updateAsync(
              _ -> {
                await(gate);
                return 0L;
              }));
      for (int i = 0; i < 3; i++) {
        futures.add(
            group.updateAsync(
                tx -> {
                  tx.onCommit(() -> fail("mine"));
                  return increment(tx, model);
                }));
      }
      gate.countDown();
    }
    assertThatThrownBy(futures.getLast()::get).hasCauseInstanceOf(HookFailed.class);
    assertThat(store.<Long>read(tx -> tx.getLong(ITERATION, model))).isEqualTo(4);
  }

  private static void fail(String message) {
    throw new IllegalStateException(message);
  }

  @Test
  void an_update_inside_a_raw_transaction_or_a_read_is_refused_before_it_waits() throws Exception {
    List<String> happened = new ArrayList<>();
    assertThatThrownBy(
            () ->
                store
                    .pool()
                    .update(
                        _ ->
                            store.<Void>update(
                                tx -> {
                                  tx.onCommit(() -> happened.add("committed"));
                                  return null;
                                })))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("inside");
    assertThat(happened).isEmpty();

    try (Recording recording = new Recording()) {
      recording.enable("plinius.Update").withoutThreshold();
      recording.start();
      CountDownLatch held = new CountDownLatch(1);
      CountDownLatch tried = new CountDownLatch(1);
      Thread writer =
          Thread.ofPlatform()
              .daemon()
              .start(
                  () ->
                      store.update(
                          _ -> {
                            held.countDown();
                            await(tried);
                            return null;
                          }));
      await(held);
      CompletableFuture<Void> refused =
          CompletableFuture.runAsync(() -> store.read(_ -> store.update(_ -> null)));
      try {
        assertThatThrownBy(() -> refused.get(20, TimeUnit.SECONDS))
            .hasCauseInstanceOf(IllegalStateException.class);
      } finally {
        tried.countDown();
      }
      writer.join();
    }
  }

  @Test
  void a_closed_group_takes_nothing_more() {
    GroupCommit group = new GroupCommit(store, 10);
    group.close();
    assertThatThrownBy(() -> group.updateAsync(_ -> null))
        .isInstanceOf(IllegalStateException.class);
  }

  /** What happens while a recording runs, in the events of this name. */
  private List<RecordedEvent> recorded(String name, Runnable what) throws IOException {
    Path recorded = Files.createTempFile(folder, "x", ".jfr");
    try (Recording recording = new Recording()) {
      recording.enable(name).withoutThreshold();
      recording.start();
      what.run();
      recording.stop();
      recording.dump(recorded);
    }
    return RecordingFile.readAllEvents(recorded).stream()
        .filter(event -> event.getEventType().getName().equals(name))
        .toList();
  }

  private void abortOne() {
    assertThatThrownBy(
            () ->
                store.update(
                    tx -> {
                      tx.abort();
                      return null;
                    }))
        .isInstanceOf(PoolException.Aborted.class);
  }

  @Test
  void updates_appear_in_a_flight_recording() throws IOException {
    List<RecordedEvent> events =
        recorded(
            "plinius.Update",
            () -> {
              store.update(StoreTest::make);
              abortOne();
            });
    assertThat(events).hasSize(2);
    RecordedEvent commit =
        events.stream().filter(event -> event.getBoolean("committed")).findFirst().orElseThrow();
    assertThat(commit.getLong("pfences")).isGreaterThanOrEqualTo(2);
    assertThat(commit.getLong("writtenBackBytes")).isPositive();
    assertThat(commit.getLong("writtenBackLines"))
        .isEqualTo(commit.getLong("writtenBackBytes") / 64);
  }

  @Test
  void the_recovery_of_a_pool_appears_once_and_with_the_update_that_did_it() throws IOException {
    store.update(StoreTest::make);
    reopen();
    assertThat(store.pool().stats().recoveredBytes()).isZero();

    List<RecordedEvent> events =
        recorded(
            "plinius.Recovery",
            () -> {
              store.read(tx -> tx.root("model", MODEL)); // recovers nothing
              abortOne(); // recovers, whatever becomes of it
              store.update(tx -> increment(tx, tx.root("model", MODEL)));
              new Store(store.pool()).update(tx -> increment(tx, tx.root("model", MODEL)));
            });

    assertThat(events).hasSize(1);
    PoolStats stats = store.pool().stats();
    assertThat(events.getFirst().getString("kind")).isEqualTo("whole copy");
    assertThat(events.getFirst().getLong("copiedBytes")).isEqualTo(stats.recoveredBytes());
    assertThat(events.getFirst().getDuration("nanos").toNanos()).isEqualTo(stats.recoveryNanos());
    assertThat(stats.recoveredBytes()).isPositive();
  }

  @Test
  void growing_appears_in_a_flight_recording_whether_it_works_or_not() throws IOException {
    file.close();
    file = PoolFile.open(folder.resolve("a.pm"), PoolFile.Options.writing().growing());
    List<RecordedEvent> events =
        recorded(
            "plinius.Growth",
            () -> {
              file.pool().grow(1 << 20);
              file.pool().update(tx -> tx.alloc(8));
              file.pool().grow(4096);
            });
    assertThat(events).hasSize(2);
    assertThat(events).allSatisfy(event -> assertThat(event.getBoolean("grown")).isTrue());
    RecordedEvent first = events.getFirst();
    assertThat(first.getLong("beforeBytes")).isEqualTo(1 << 20);
    assertThat(first.getLong("afterBytes")).isEqualTo(2 << 20);
    assertThat(first.getString("file")).endsWith("a.pm");

    Files.delete(folder.resolve("a.pm"));
    events =
        recorded(
            "plinius.Growth",
            () ->
                assertThatThrownBy(() -> file.pool().grow(4096))
                    .isInstanceOf(PmemException.CannotGrow.class));
    assertThat(events).hasSize(1);
    assertThat(events.getFirst().getBoolean("grown")).isFalse();
  }
}
