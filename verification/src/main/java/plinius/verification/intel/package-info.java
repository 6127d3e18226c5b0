/**
 * Intel SGX and TDX: quotes, the certificates of the keys that sign them, and the state of the
 * platform's trusted computing base by the algorithm of Intel's quote verification library. Start
 * at {@link plinius.verification.intel.IntelVerifier}.
 *
 * <p>Owner's side, outside the trusted part.
 */
package plinius.verification.intel;
