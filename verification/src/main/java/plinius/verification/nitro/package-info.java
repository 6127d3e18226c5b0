/**
 * AWS Nitro Enclaves: attestation documents in COSE and CBOR. Start at {@link
 * plinius.verification.nitro.NitroVerifier}.
 *
 * <p>Owner's side, outside the trusted part.
 */
package plinius.verification.nitro;
