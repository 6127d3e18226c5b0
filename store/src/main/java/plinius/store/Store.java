package plinius.store;

import static java.util.Objects.requireNonNull;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import plinius.romulus.Pool;
import plinius.romulus.PoolStats;

/**
 * Transactions on the objects of a pool.
 *
 * <pre>{@code
 * record Model(long iteration, float loss, Ref<Layer> first) {}
 * Layout<Model> MODEL = Layout.of(MethodHandles.lookup(), Model.class);
 * Layout.Field<Model> ITERATION = MODEL.longField("iteration");
 *
 * try (PoolFile file = PoolFile.open(path, PoolFile.Options.writing())) {
 *   Store store = new Store(file.pool());
 *   store.update(tx -> {
 *     Ref<Model> model = tx.root("model", MODEL);
 *     tx.setLong(ITERATION, model, tx.getLong(ITERATION, model) + 1);
 *     return null;
 *   });
 * }
 * }</pre>
 *
 * <p>Bodies run once, on their caller's thread; whatever they throw takes the transaction back and
 * is thrown on. An update inside an update joins it: there is one transaction, and a failure inside
 * dooms it even if it is caught. Reads see durable states only and wait for nobody.
 */
public final class Store {
  static final boolean FLIGHT_RECORDER = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

  private final Pool pool;

  /** Of this store: an update of one pool inside an update of another one is not joined to it. */
  @SuppressWarnings("ThreadLocalUsage") // stores are few, and live as long as their pools
  private final ThreadLocal<Hooks> running = new ThreadLocal<>();

  /** Whether it is known to have happened, and so is in the recording if there is one. */
  private final AtomicBoolean recovered = new AtomicBoolean();

  public Store(Pool pool) {
    this.pool = requireNonNull(pool);
  }

  /**
   * Runs a transaction; returns when it is durable.
   *
   * @throws HookFailed if it is durable, and an action after it threw
   * @throws IllegalStateException within a read or a raw update of the pool: what is to happen
   *     after the commit could not
   */
  public <T> T update(Function<Writing, T> body) {
    Hooks outer = running.get();
    if (outer != null) {
      return pool.update(tx -> body.apply(new Writing(tx, outer)));
    }
    pool.checkOutside();
    return FLIGHT_RECORDER ? recorded(body) : outermost(body);
  }

  private <T> T recorded(Function<Writing, T> body) {
    if (recovered.get()) {
      return UpdateEvent.around(pool, () -> outermost(body));
    }
    boolean fresh = pool.stats().recoveredBytes() == 0;
    try {
      return UpdateEvent.around(pool, () -> outermost(body));
    } finally {
      PoolStats stats = pool.stats();
      if (stats.recoveredBytes() > 0 && !recovered.getAndSet(true) && fresh) {
        RecoveryEvent.record(stats);
      }
    }
  }

  private <T> T outermost(Function<Writing, T> body) {
    Hooks hooks = new Hooks();
    running.set(hooks);
    T result;
    try {
      result = pool.update(tx -> body.apply(new Writing(tx, hooks)));
    } catch (Throwable why) {
      running.remove();
      hooks.aborted(why);
      throw why;
    }
    running.remove();
    hooks.committed();
    return result;
  }

  /** Looks at the committed state, which stays as it is until the body returns. */
  public <T> T read(Function<Reading, T> body) {
    return pool.read(tx -> body.apply(new Reading(tx)));
  }

  /** The pool itself. */
  public Pool pool() {
    return pool;
  }
}
