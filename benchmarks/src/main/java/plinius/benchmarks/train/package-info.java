/**
 * Training steps of one network in several implementations. Not trusted. Start at {@link
 * plinius.benchmarks.train.TrainBenchmark}.
 */
package plinius.benchmarks.train;
