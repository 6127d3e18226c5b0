/**
 * The sealed data set: record format and the enclave's reader, what a label is, the order of the
 * samples. Trusted.
 *
 * <p>Start at {@link plinius.dataset.SealedDataSet}; the format to the byte is in
 * docs/design/sealed-data.md. Must not know where the bytes lie: {@link plinius.dataset.ByteSource}
 * is a file at the owner's and persistent memory in the enclave.
 */
package plinius.dataset;
