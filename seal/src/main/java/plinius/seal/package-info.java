/**
 * Authenticated encryption without a nonce parameter, key derivation. Trusted, and the only user of
 * Cipher but for the broker, which seals grants.
 *
 * <p>Start at {@link plinius.seal.KeyDerivation} for where keys come from, then {@link
 * plinius.seal.Sealer} (what is written again and again) and {@link plinius.seal.RecordSealer}
 * (what is written once). The hierarchy of the keys and every byte that is hashed into one are in
 * docs/design/sealed-data.md. Must depend on nothing but java.base.
 */
package plinius.seal;
