package plinius.romulus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.pmem.PersistentMemory;
import plinius.pmem.PmemException;
import plinius.testkit.CrashTester;
import plinius.testkit.Granularity;
import plinius.testkit.Promise;
import plinius.testkit.SimulatedMemory;
import plinius.testkit.Tearing;

/**
 * What a crash may leave, at every instant of what a pool does: the state before or the state
 * after, whole, with twins that recovery makes equal and an allocator that has lost nothing, from
 * which the story goes on for three transactions, crashed in their turn.
 */
@ParameterizedClass
@EnumSource(Protocol.class)
class CrashTest {
  /** Above so many images at one instant, lines are decided when recovery looks at them. */
  private static final long LIMIT = 300;

  @Parameter Protocol protocol;

  private Scenarios scenarios() {
    return Scenarios.of(protocol);
  }

  private static CrashTester tester() {
    return new CrashTester(Story::checkAndContinue).limit(LIMIT).lazily();
  }

  private static void assertAll(CrashTester.Report report, long images) {
    assertThat(report.exhaustive()).as("%s", report).isTrue();
    assertThat(report.images()).as("%s", report).isGreaterThan(images);
  }

  @Test
  void transactions_survive_every_crash_as_a_whole() {
    Scenarios scenarios = scenarios();
    assertAll(
        tester().test(scenarios.steps(scenarios.formatted(), 2, Granularity.LINE).trace()), 1000);
  }

  @Test
  void blocks_and_extents_that_are_freed_and_reused_survive_every_crash() {
    Scenarios scenarios = scenarios();
    assertAll(
        tester().test(scenarios.steps(scenarios.afterSteps(2), 2, Granularity.LINE).trace()), 1000);
  }

  @Test
  void large_transactions_whose_log_was_cut_over_survive_every_crash() {
    Scenarios scenarios = scenarios();
    assertAll(tester().test(scenarios.cutOver(scenarios.afterSteps(1)).trace()), 500);
  }

  @Test
  void on_an_ordinary_file_whose_pages_are_written_in_any_order_transactions_survive_as_well() {
    Scenarios scenarios = scenarios();
    assertAll(
        tester().test(scenarios.steps(scenarios.afterSteps(2), 2, Granularity.PAGE).trace()), 300);
  }

  @Test
  void where_the_caches_survive_too_transactions_do() {
    Scenarios scenarios = scenarios();
    CrashTester.Report report =
        tester()
            .cachesSurvive()
            .test(scenarios.steps(scenarios.afterSteps(2), 2, Granularity.LINE).trace());
    assertThat(report.images()).isGreaterThan(50);
  }

  @Test
  void an_abort_leaves_nothing_behind() {
    assertAll(tester().test(scenarios().abortThenStep().trace()), 300);
  }

  @Test
  void small_transactions_survive_every_crash_by_their_witness() {
    for (Granularity granularity : Granularity.values()) {
      assertAll(tester().test(scenarios().ticks(granularity).trace()), 100);
    }
  }

  @Test
  void a_witness_of_what_was_lost_does_not_speak_for_what_comes_after() {
    assertAll(
        new CrashTester((memory, _) -> Scenarios.recoverSameAgain(memory))
            .limit(LIMIT)
            .lazily()
            .test(scenarios().sameAgainAndMore().trace()),
        10);
  }

  @Test
  void writers_may_take_turns() {
    assertAll(tester().test(scenarios().twoThreads().trace()), 300);
  }

  @Test
  void an_extent_may_be_filled_by_two_threads() {
    assertAll(tester().test(scenarios().extentByTwoThreads().trace()), 200);
  }

  @Test
  void a_process_may_die_where_its_commit_is_visible_and_not_durable() {
    assertAll(tester().ahead(2).test(scenarios().killedBeforeTheLastFence().trace()), 200);
    assertAll(tester().ahead(2).test(scenarios().killedBeforeTheLastFenceOfATick().trace()), 50);
    CrashTester formatting =
        new CrashTester((memory, _) -> scenarios().recoverFormatting(memory)).lazily();
    assertAll(
        formatting.limit(LIMIT).ahead(2).test(scenarios().killedAtTheEndOfFormatting().trace()),
        100);
  }

  @Test
  void formatting_may_be_interrupted_anywhere() {
    CrashTester.Report report =
        new CrashTester((memory, _) -> scenarios().recoverFormatting(memory))
            .limit(LIMIT)
            .lazily()
            .test(scenarios().formatting().trace());
    assertAll(report, 200);
  }

  // A pool as small as can be, without sampling, down to single words and two recoveries deep.

  private static int checkSmall(Pool pool) {
    return pool.read(
        tx -> {
          long root = tx.root("small");
          if (root == 0) {
            return 0;
          }
          int state = (int) tx.getLong(root);
          Story.require(tx.getLong(root + 64) == state && tx.getLong(root + 128) == state, "torn");
          long block = tx.root("block");
          Story.require((block != 0) == (state % 2 == 1), "a block too many or too few");
          Story.require(block == 0 || tx.getLong(block) == state, "the block is torn");
          return state;
        });
  }

  /** Three lines of one block, told apart by none; every other time a block comes or goes. */
  private static int stepSmall(Tx tx) {
    long root = tx.root("small");
    if (root == 0) {
      root = tx.alloc(200);
      tx.setRoot("small", root);
    }
    int state = (int) tx.getLong(root) + 1;
    for (int line = 0; line < 3; line++) {
      tx.setLong(root + 64L * line, state);
    }
    if (state % 2 == 1) {
      long block = tx.alloc(8);
      tx.setLong(block, state);
      tx.setRoot("block", block);
    } else {
      long block = tx.root("block");
      tx.setRoot("block", 0);
      tx.free(block);
    }
    return state;
  }

  private static int recoverSmall(PersistentMemory memory, Promise promise) {
    Pool pool = Pool.open(memory);
    int found = checkSmall(pool);
    pool.update(_ -> 0);
    Story.checkTwins(memory, pool);
    promise.kept(pool.update(CrashTest::stepSmall));
    Story.require(checkSmall(Pool.open(memory)) == found + 1, "it does not go on");
    return found;
  }

  @Test
  void a_small_pool_survives_every_crash_down_to_single_words_and_two_recoveries_deep() {
    small(2, oneIn(20), Tearing.WORDS);
  }

  /** As where a long store is a few vectors, which reach the medium in an order of their own. */
  @Test
  void a_small_pool_survives_every_crash_where_the_words_of_a_store_come_in_any_order() {
    small(1, oneIn(10), Tearing.SHUFFLED_WORDS);
  }

  /**
   * So many recoveries are crashed in their turn. In the classic protocol a witness speaks of all
   * that back was owed, and each line of it may be there or not: far more images an instant.
   */
  private int oneIn(int images) {
    return protocol == Protocol.PING_PONG ? images : 20 * images;
  }

  @Tag("long")
  @Test
  void a_small_pool_survives_every_crash_of_every_recovery_of_every_crash() {
    CrashTester.Report report = small(1, 1, Tearing.WORDS);
    assertThat(report.nestedImages()).isGreaterThan(20_000);
  }

  private CrashTester.Report small(int depth, int oneIn, Tearing tearing) {
    CrashTester.Report report =
        new CrashTester(CrashTest::recoverSmall)
            .limit(50)
            .lazily()
            .depth(depth, oneIn)
            .test(
                scenarios().afterSteps(0),
                Granularity.LINE,
                tearing,
                (memory, promise) -> {
                  Pool pool = Pool.open(memory, new Readers(), 512);
                  promise.kept(pool.update(CrashTest::stepSmall));
                  promise.kept(pool.update(CrashTest::stepSmall));
                  Scenarios.aborted(pool, CrashTest::stepSmall);
                  promise.kept(pool.update(CrashTest::stepSmall));
                });
    assertAll(report, 1000);
    assertThat(report.nestedImages()).as("%s", report).isGreaterThan(1000);
    return report;
  }

  @Test
  void recovery_may_crash_and_the_recovery_of_that_too() {
    Scenarios scenarios = scenarios();
    CrashTester.Report report =
        tester()
            .limit(20)
            .depth(2, 20)
            .test(scenarios.steps(scenarios.afterSteps(2), 1, Granularity.LINE).trace());
    assertThat(report.nestedImages()).as("%s", report).isGreaterThan(500);
  }

  @Test
  void opening_reading_and_inspecting_store_nothing() {
    SimulatedMemory memory = Scenarios.lines(scenarios().afterSteps(3));
    Pool pool = Pool.open(memory);
    assertThat(Story.check(pool)).isEqualTo(3);
    assertThat(pool.info()).isEqualTo(Pool.open(memory).info());
    assertThat(memory.wasStoredTo()).isFalse();
  }

  @Test
  void a_force_that_fails_poisons_the_pool_and_recovery_finds_a_whole_state() {
    int fencesOfRecovery = 1;
    int fences = protocol == Protocol.PING_PONG ? 2 : 4; // by the page there are no witnesses
    for (int fence = 1; fence <= fencesOfRecovery + 2 * fences; fence++) {
      SimulatedMemory memory =
          new SimulatedMemory(scenarios().afterSteps(2), Granularity.PAGE, Tearing.LINES);
      memory.mark(2);
      Pool pool = Pool.open(memory);
      memory.failFence(fence);
      int done = 2;
      try {
        for (int i = 0; i < 3; i++) {
          Story.step(pool);
          memory.mark(++done);
        }
        fail("a fence failed and nobody noticed");
      } catch (PmemException.WriteBackFailed expected) {
        assertThatThrownBy(() -> Story.step(pool)).isInstanceOf(PoolException.Poisoned.class);
        assertThatThrownBy(() -> Story.check(pool)).isInstanceOf(PoolException.Poisoned.class);
      }
      assertAll(tester().test(memory.trace()), 0);
      assertThat(Story.checkAndContinue(Scenarios.lines(memory.visible()), _ -> {}))
          .isBetween(done, done + 1);
    }
  }
}
