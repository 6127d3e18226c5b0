/**
 * One network in several implementations: training steps and predictions. Not trusted. Start at
 * {@link plinius.benchmarks.network.NetworkBenchmark}.
 */
package plinius.benchmarks.network;
