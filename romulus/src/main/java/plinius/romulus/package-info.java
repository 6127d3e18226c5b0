/** Twin-copy durable transactions, recovery, allocator, roots, extents. Trusted. */
package plinius.romulus;
