/**
 * What an enclave can say about itself: {@link plinius.attestation.Attester} makes {@link
 * plinius.attestation.Evidence} of the code that runs, bound to {@link
 * plinius.attestation.ReportData}. Roles and words as in RFC 9334.
 *
 * <p>Trusted. Start at {@link plinius.attestation.Attester}. It must not depend on any verifier,
 * socket or third-party code.
 */
package plinius.attestation;
