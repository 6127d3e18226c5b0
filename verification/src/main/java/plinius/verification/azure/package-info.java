/**
 * Confidential virtual machines of Azure: a hardware report that Azure's paravisor asked for, bound
 * to the key of a virtual TPM, and that TPM's quote. Start at {@link
 * plinius.verification.azure.AzureVerifier}.
 *
 * <p>Owner's side, outside the trusted part.
 */
package plinius.verification.azure;
