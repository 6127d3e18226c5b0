/**
 * Durable transactions in persistent memory: twins that change places, allocator, roots, extents,
 * recovery. Start at {@link plinius.romulus.Pool}; docs/design/pmem-format.md has the bytes.
 * Trusted: believes nothing that it reads from the pool. Depends on module pmem only; knows nothing
 * of keys, models or processes.
 */
package plinius.romulus;
