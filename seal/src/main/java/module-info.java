/**
 * Authenticated encryption without a nonce parameter, key derivation, associated data, JWE. The
 * only user of Cipher.
 */
module plinius.seal {
  exports plinius.seal;
  exports plinius.seal.jose;
}
