/**
 * New keys for the data, the pool and the record of a job: read under the old owner's key, written
 * under the new one, exchanged at one instant. Owner's side, a process of its own, which holds keys
 * and plaintext as an enclave does: run it where the owner trusts the machine. Start at {@link
 * plinius.rekey.Rekey}.
 */
package plinius.rekey;
