/**
 * Confidential virtual machines, TDX's and SEV-SNP's, by the kernel's configfs-tsm: plain files, no
 * native call. Trusted. Start at {@link plinius.attestation.tsm.TsmAttester}.
 */
package plinius.attestation.tsm;
