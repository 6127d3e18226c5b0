/**
 * SGX by the pseudo-files of the library OS Gramine. Trusted. Start at {@link
 * plinius.attestation.gramine.GramineAttester}.
 */
package plinius.attestation.gramine;
