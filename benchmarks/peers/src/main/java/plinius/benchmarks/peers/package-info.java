/** Peers that need libraries of their own; on the class path, where they are built. Not trusted. */
package plinius.benchmarks.peers;
