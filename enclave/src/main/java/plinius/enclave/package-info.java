/**
 * The trusted program: gets its keys, opens the pool, loads batches, trains, mirrors out and in,
 * answers calls. Trusted.
 */
package plinius.enclave;
