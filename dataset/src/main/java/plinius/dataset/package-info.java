/**
 * What a sample is; IDX readers; the sealed data set: record format, the owner's writer, the
 * enclave's reader. Trusted.
 */
package plinius.dataset;
