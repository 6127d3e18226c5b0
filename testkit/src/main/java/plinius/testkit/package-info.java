/**
 * Persistent memory that crashes: with this kit users of persistent memory test that their own
 * structures survive. Not trusted; for tests. One story: a {@link plinius.testkit.SimulatedMemory}
 * remembers all that a program does to it, and from that {@link plinius.testkit.Trace} follows
 * everything else.
 *
 * <p><b>Start here.</b> Say how the program runs and promises, and what it must find after a crash;
 * {@link plinius.testkit.CrashTester} crashes it everywhere, its recovery too:
 *
 * {@snippet :
 * byte[] empty = new byte[16 << 10];        // what is durable to begin with, formatted
 * new CrashTester(
 *         (memory, promise) -> {            // after a crash
 *           Log log = Log.open(memory);     // the structure under test
 *           int found = log.check();        // throws if torn; else the number of its state
 *           log.append(found + 1);          // goes on
 *           promise.kept(found + 1);
 *           return found;
 *         })
 *     .depth(2, 10)                         // crashes inside of recovery as well
 *     .test(
 *         empty,
 *         Granularity.LINE,
 *         Tearing.WORDS,
 *         (memory, promise) -> {            // the program
 *           Log log = Log.open(memory);
 *           for (int i = 1; i <= 4; i++) {
 *             log.append(i);
 *             promise.kept(i);              // from now on a crash must not lose it
 *           }
 *         });
 * }
 *
 * <p>A whole example is {@code QueueExampleTest} in the tests of module romulus. Then, as needed:
 *
 * <ul>
 *   <li>programs too large to try every image: {@link plinius.testkit.CrashTester#lazily}, or
 *       chosen images where that is not possible;
 *   <li>long histories of several threads, crash after crash: {@link plinius.testkit.Lives}, by an
 *       interleaving that a seed repeats: {@link plinius.testkit.Turns};
 *   <li>ordinary files, whose pages are written in any order, and a medium that refuses: {@link
 *       plinius.testkit.Granularity#PAGE}, {@link plinius.testkit.SimulatedMemory#failFence};
 *   <li>forgotten and superfluous write-backs, and what a transaction costs: {@link
 *       plinius.testkit.FlushLint};
 *   <li>whether the tests would notice: {@link plinius.testkit.OrderingSites} makes the mutants;
 *   <li>what a program does to a real mapping: {@link plinius.testkit.TracedMemory}.
 * </ul>
 *
 * <p>Seeds are printed where a test fails, and {@code -Dtest.seed=N} repeats it.
 */
package plinius.testkit;
