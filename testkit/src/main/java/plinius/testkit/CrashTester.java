package plinius.testkit;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import plinius.testkit.CrashModel.Unit;

/**
 * Crashes a program at every instant, in every way. At each instant of a {@link Trace} any line (or
 * page) may hold any of its versions since the last guaranteed one; each image that comes about so
 * is given to {@link Recovery}, which must find the last state that was promised, or one that was
 * under way: as a whole, and never an older one.
 *
 * <p>Where the images of an instant are more than the {@linkplain #limit limit}, recovery is run
 * with lines that are decided when it looks at them ({@linkplain #lazily lazily}, which loses
 * nothing), or else the telling ones are chosen: none of the open stores, all of them, each line
 * alone missing, each line alone present, and random ones.
 *
 * <p>Not for use by several threads at once.
 */
public final class CrashTester {
  /** Images of one instant above which a part is tried, or they are decided lazily. */
  public static final long LIMIT = 10_000;

  /** Ways through recovery that are followed at one instant; never met by a reasonable one. */
  private static final long WAYS_MAX = 1_000_000;

  private static final double[] PRESENT = {0.01, 0.5, 0.99};

  private final Recovery recovery;
  private long limit = LIMIT;
  private long seed = seed();
  private int ahead = 1;
  private boolean lazily;
  private int depth;
  private int oneIn = 1;
  private long instants = Long.MAX_VALUE;
  private boolean cachesSurvive;

  /** Judges by this recovery. */
  public CrashTester(Recovery recovery) {
    this.recovery = Objects.requireNonNull(recovery);
  }

  /** The seed of a run: the system property {@code test.seed}, 1 where it is not set. */
  public static long seed() {
    String property = System.getProperty("test.seed", "");
    return property.isEmpty() ? 1 : Long.parseLong(property);
  }

  /** Up to so many images of an instant are all tried. */
  public CrashTester limit(long images) {
    limit = images;
    return this;
  }

  /** Of everything that is left to chance; {@link #seed()} unless said otherwise. */
  public CrashTester seed(long seed) {
    this.seed = seed;
    return this;
  }

  /**
   * How many states may be under way without a promise between them: 1 unless several threads
   * commit, or a process died between a commit and its promise.
   */
  public CrashTester ahead(int states) {
    ahead = states;
    return this;
  }

  /**
   * Above the limit, images are not chosen but decided line by line as recovery looks at them: all
   * of them are judged, by as many runs as there are ways through recovery. Recovery must be one
   * thread.
   */
  public CrashTester lazily() {
    lazily = true;
    return this;
  }

  /**
   * Crashes recovery too, and the recovery from that, to this depth; 0 unless said otherwise. The
   * images inside of recovery are those of all that it does, its further transactions included.
   *
   * @param oneIn of so many images of a level one is taken to the next
   */
  public CrashTester depth(int depth, int oneIn) {
    this.depth = depth;
    this.oneIn = oneIn;
    return this;
  }

  /** Only so many instants, half of them among the ten steps behind a fence. */
  public CrashTester instants(long count) {
    instants = count;
    return this;
  }

  /** As on machines whose caches survive too (eADR): all that was stored is there. */
  public CrashTester cachesSurvive() {
    cachesSurvive = true;
    return this;
  }

  /**
   * What was tried.
   *
   * @param instants at which a crash was tried, of the outer level
   * @param images that were judged and different, at all levels; and ways through recovery, where
   *     they were decided lazily
   * @param judgements images, counted at each instant at which they are possible
   * @param sampledInstants instants of which a part of the images was tried, of the outer level
   * @param nestedImages those of the images that a crash inside of recovery left
   */
  public record Report(
      long instants, long images, long judgements, long sampledInstants, long nestedImages) {
    private Report nest(Report inner) {
      return new Report(
          instants,
          images + inner.images,
          judgements + inner.judgements,
          sampledInstants,
          nestedImages + inner.images);
    }

    /** Whether every image of every instant was judged. */
    public boolean exhaustive() {
      return sampledInstants == 0;
    }
  }

  /**
   * Runs a program on an image, then crashes it.
   *
   * @param image what is durable before, and what recovery accepts
   * @throws AssertionError at the first image that is not acceptable
   */
  public Report test(byte[] image, Granularity granularity, Tearing tearing, Program program) {
    SimulatedMemory memory = new SimulatedMemory(image, granularity, tearing);
    memory.mark(state(SimulatedMemory.of(image, granularity)));
    program.run(memory, memory::mark);
    return test(memory.trace());
  }

  /** Crashes what was done to a memory. Before the first promise, any state is acceptable. */
  public Report test(Trace trace) {
    return new Levels(trace, Integer.MIN_VALUE, Integer.MAX_VALUE, depth).run();
  }

  /** What a crash may leave right now; all of it, so only for few open stores. */
  public static List<byte[]> possibleNow(Trace trace) {
    CrashModel model = new CrashModel(trace);
    trace.events().forEach(model::apply);
    List<byte[]> possible = new ArrayList<>();
    List<Unit> open = open(model, null);
    do {
      possible.add(model.image());
    } while (advance(open));
    return possible;
  }

  /**
   * One of the images that a crash may leave at some instant, and what was promised then: where a
   * long history goes on.
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Crash(byte[] image, int promised) {}

  static Crash randomCrash(Trace trace, Random random) {
    CrashModel model = new CrashModel(trace);
    int promised = Integer.MIN_VALUE;
    List<Event> events = trace.events();
    int instant = random.nextInt(events.size() + 1);
    for (Event event : events.subList(0, instant)) {
      model.apply(event);
      if (event instanceof Event.Mark(int state)) {
        promised = Math.max(promised, state);
      }
    }
    chooseAtRandom(open(model, null), random);
    return new Crash(model.image(), promised);
  }

  private int state(SimulatedMemory memory) {
    return recovery.state(memory, _ -> {});
  }

  /** Units with more than one version, all set to the oldest; {@code fixed} to its newest. */
  private static List<Unit> open(CrashModel model, Unit fixed) {
    List<Unit> open = new ArrayList<>();
    for (Unit unit : model.units()) {
      unit.chosen = unit == fixed ? unit.newest() : 0;
      if (unit != fixed && unit.open()) {
        open.add(unit);
      }
    }
    return open;
  }

  private static boolean advance(List<Unit> open) {
    for (Unit unit : open) {
      if (++unit.chosen <= unit.newest()) {
        return true;
      }
      unit.chosen = 0;
    }
    return false;
  }

  private static void chooseAtRandom(List<Unit> open, Random random) {
    double present = PRESENT[random.nextInt(PRESENT.length)];
    for (Unit unit : open) {
      unit.chosen =
          random.nextDouble() < present ? unit.newest() : random.nextInt(unit.newest() + 1);
    }
  }

  /** One trace, and the traces of the recoveries from its images. */
  private final class Levels {
    private final Trace trace;
    private final CrashModel model;
    private final DecisionTree tree;
    private final int depth;
    private final Random random = new Random(seed);
    private final Map<Long, Integer> states = new HashMap<>(); // hash of the image -> its state
    private int promised;
    private int latest;
    private int instant = -1;
    private long judgements;
    private long tried;
    private long sampled;
    private Report nested = new Report(0, 0, 0, 0, 0);

    Levels(Trace trace, int promised, int latest, int depth) {
      this.trace = trace;
      this.model = new CrashModel(trace);
      this.tree = new DecisionTree(model, this::recoverLazily);
      this.promised = promised;
      this.latest = latest;
      this.depth = depth;
    }

    Report run() {
      List<Event> events = trace.events();
      BitSet chosen = chosenInstants(events);
      if (chosen.get(0) && !(!events.isEmpty() && events.getFirst() instanceof Event.Mark)) {
        judgeAll(null);
      }
      for (instant = 0; instant < events.size(); instant++) {
        Event event = events.get(instant);
        Unit changed = model.apply(event);
        if (event instanceof Event.Mark(int state)) {
          latest = state > promised ? state + ahead : latest;
          promised = Math.max(promised, state);
        }
        if (!chosen.get(instant + 1)) {
          continue;
        }
        if (instants != Long.MAX_VALUE || event instanceof Event.Mark) {
          judgeAll(null); // after a promise less may be lost: all that is possible, once more
        } else if (changed != null) {
          judgeAll(changed); // only images with this store are new
        }
      }
      return new Report(tried, states.size() + tree.runs(), judgements, sampled, 0).nest(nested);
    }

    /** Bit i + 1 is the instant behind event i. */
    private BitSet chosenInstants(List<Event> events) {
      BitSet chosen = new BitSet();
      if (instants > events.size()) {
        chosen.set(0, events.size() + 1);
        return chosen;
      }
      List<Integer> behindFences = new ArrayList<>();
      for (int i = 0; i < events.size(); i++) {
        if (events.get(i) instanceof Event.Fence) {
          for (int step = 1; step <= 10 && i + step <= events.size(); step++) {
            behindFences.add(i + step);
          }
        }
      }
      for (long i = 0; i < instants; i++) {
        chosen.set(
            i % 2 == 0 && !behindFences.isEmpty()
                ? behindFences.get(random.nextInt(behindFences.size()))
                : random.nextInt(events.size() + 1));
      }
      return chosen;
    }

    /** All images of this instant; with {@code fixed}, those with the newest version of it. */
    private void judgeAll(Unit fixed) {
      tried++;
      List<Unit> open = open(model, fixed);
      if (cachesSurvive) {
        open.forEach(unit -> unit.chosen = unit.newest());
        judge();
        return;
      }
      double count = 1;
      for (Unit unit : open) {
        count *= unit.versions.size();
      }
      if (count <= limit) {
        do {
          judge();
        } while (advance(open));
      } else if (lazily) {
        judgeLazily(fixed);
      } else {
        sampled++;
        sample(open);
      }
    }

    private void judgeLazily(Unit fixed) {
      try {
        boolean all =
            tree.judge(
                fixed,
                WAYS_MAX,
                state -> {
                  judgements++;
                  expect(state);
                });
        if (!all) {
          sampled++;
        }
      } catch (RuntimeException | AssertionError refused) {
        throw refused(refused);
      }
    }

    private void sample(List<Unit> open) {
      List<Unit> singles = new ArrayList<>(open);
      if (singles.size() > limit) {
        Collections.shuffle(singles, random);
        singles = singles.subList(0, (int) limit);
      }
      for (boolean present : new boolean[] {false, true}) {
        for (Unit unit : open) {
          unit.chosen = present ? unit.newest() : 0;
        }
        judge();
        for (Unit unit : singles) {
          int usual = unit.chosen;
          for (unit.chosen = 0; unit.chosen <= unit.newest(); unit.chosen++) {
            judge();
          }
          unit.chosen = usual;
        }
      }
      for (long i = 0; i < Math.max(1, limit / 4); i++) {
        chooseAtRandom(open, random);
        judge();
      }
    }

    private void judge() {
      judgements++;
      long hash = model.hash();
      Integer known = states.get(hash);
      try {
        if (known == null) {
          known = recover();
          states.put(hash, known);
        }
        expect(known);
      } catch (RuntimeException | AssertionError refused) {
        throw refused(refused);
      }
    }

    private int recover() {
      SimulatedMemory memory =
          new SimulatedMemory(trace.granularity(), Tearing.LINES, model.image());
      int state = recovery.state(memory, memory::mark);
      expect(state);
      if (depth > 0 && states.size() % oneIn == 0) {
        nest(memory.trace(), state);
      }
      return state;
    }

    private int recoverLazily(DecisionTree.Lines lines) {
      int state = state(new LazyMemory(trace, model, lines));
      expect(state);
      if (depth > 0 && tree.runs() % oneIn == 0) {
        // As it was decided; what recovery did not look at is of no interest.
        SimulatedMemory memory =
            new SimulatedMemory(trace.granularity(), Tearing.LINES, model.image());
        recovery.state(memory, memory::mark);
        nest(memory.trace(), state);
      }
      return state;
    }

    /** Until it promises anything itself, a recovery may lose what the program might have lost. */
    private void nest(Trace recovering, int state) {
      nested = nested.nest(new Levels(recovering, promised, state + ahead, depth - 1).run());
    }

    private void expect(int state) {
      if (state < promised || state > latest) {
        throw new AssertionError(
            "recovery finds state " + state + " after state " + promised + " was promised");
      }
    }

    private AssertionError refused(Throwable why) {
      Object event = instant < 0 ? "the beginning" : trace.events().get(instant);
      return new AssertionError(
          "crash after event %d (%s), %s promised, seed %d, %d levels of recovery below: %s"
              .formatted(
                  instant,
                  event,
                  promised == Integer.MIN_VALUE ? "nothing" : "state " + promised,
                  seed,
                  depth,
                  why.getMessage()),
          why);
    }
  }
}
