/**
 * Evidence of AMD SEV-SNP: attestation reports (version 2 to 5) and the keys that sign them.
 * Owner's side, not trusted by the enclave. Start at {@link plinius.verification.amd.SnpVerifier}.
 */
package plinius.verification.amd;
