/**
 * The verb bench, in a process of its own. Not trusted. Start at {@link plinius.benchmarks.Main}.
 */
package plinius.benchmarks;
