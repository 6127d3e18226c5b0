/**
 * Authenticated encryption without a nonce parameter, key derivation, associated data, JWE. The
 * only user of Cipher. Trusted.
 */
package plinius.seal;
