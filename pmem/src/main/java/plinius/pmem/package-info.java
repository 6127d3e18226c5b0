/**
 * Mapping and write-back of persistent memory. {@link plinius.pmem.PersistentMemory} is the one
 * seam where time and power can be faked: start there, then {@link plinius.pmem.MappedMemory}.
 * Trusted; depends on nothing but the JDK.
 */
package plinius.pmem;
