/**
 * Simulated persistent memory whose crashes can be enumerated, for tests of whatever lives in it.
 * Start at {@link plinius.testkit.CrashExplorer}. Tests only; depends on pmem alone.
 */
package plinius.testkit;
