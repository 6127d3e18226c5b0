/**
 * The medium itself, and the recovery of pools on it. Start at {@link
 * plinius.benchmarks.pm.PmCommand}.
 */
package plinius.benchmarks.pm;
