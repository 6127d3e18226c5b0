/**
 * Each kernel against what bounds it on this machine: multiply-adds in registers, or a copy through
 * memory. Not trusted. Start at {@link plinius.benchmarks.kernels.KernelsBenchmark}.
 */
package plinius.benchmarks.kernels;
