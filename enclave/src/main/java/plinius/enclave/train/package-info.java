/**
 * Training and testing: what happens between mirrorIn and the last mirror. Trusted. Start at {@link
 * plinius.enclave.train.TrainingLoop}.
 */
package plinius.enclave.train;
