/**
 * SPS, the benchmark of the Romulus papers: transactions that exchange words of an array. Not
 * trusted; start at {@link plinius.benchmarks.sps.SpsCommand}.
 */
package plinius.benchmarks.sps;
