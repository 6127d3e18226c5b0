/**
 * RA-TLS: X.509 certificates that carry evidence about who holds their key. Start at {@link
 * plinius.verification.ratls.RaTlsVerifier}.
 *
 * <p>Owner's side, outside the trusted part.
 */
package plinius.verification.ratls;
