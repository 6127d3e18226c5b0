/**
 * Authenticated encryption without a nonce parameter, key derivation, associated data, opening JWE.
 * The only user of Cipher but for the broker, which seals grants.
 */
module plinius.seal {
  exports plinius.seal;
  exports plinius.seal.jose;
}
