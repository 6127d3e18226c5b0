/**
 * What the owner alone does, on a machine of their own: the master key and its file ({@link
 * plinius.owner.OwnerKey}), sealing data sets ({@link plinius.owner.SealedDataSetWriter}), opening
 * results. Not in the enclave's image, so not in what a measurement vouches for.
 *
 * <p>Uses what seal offers to all; ciphers stay in there. Formats to the byte:
 * docs/design/sealed-data.md.
 */
package plinius.owner;
