/**
 * What freshness costs: training under each mode, and how much a broker can take. Outside the
 * trusted part. Start at {@link plinius.benchmarks.freshness.FreshnessBenchmark}.
 */
package plinius.benchmarks.freshness;
