/**
 * Is the evidence real ({@link plinius.verification.Verifier}); do we accept it ({@link
 * plinius.verification.AppraisalPolicy}). Two questions, two classes: what is genuine need not be
 * wanted. Words as in RFC 9334; the answer as a document is an {@link
 * plinius.verification.AttestationResult}.
 *
 * <p>Owner's side, outside the trusted part of an enclave. Start at {@link
 * plinius.verification.Verifier}; the makers' formats lie in packages of their own. It reads no
 * clock and no network, and must not depend on the broker.
 */
package plinius.verification;
