/** Simulated persistent memory with crash enumeration, for tests. Tests only. */
package plinius.testkit;
