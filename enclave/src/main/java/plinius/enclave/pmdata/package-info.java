/**
 * Training data in persistent memory: mapped, authenticated record by record, unsealed straight
 * into the batch. Trusted. Start at {@link plinius.enclave.pmdata.PmData}.
 */
package plinius.enclave.pmdata;
