/**
 * Persistent memory that crashes, for tests. Two views of one model (versions of each line since
 * the last guaranteed one): {@link plinius.testkit.CrashExplorer} stops a running {@link
 * plinius.testkit.SimulatedMemory} at every step and asks the test's own oracle; {@link
 * plinius.testkit.CrashImages} replays what a {@link plinius.testkit.RecordedMemory} went through
 * and judges each image once, with deaths of processes between, which pays where there are very
 * many. Tests only.
 */
package plinius.testkit;
