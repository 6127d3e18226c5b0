/** What an enclave can say about itself, and how it asks for keys (KBS messages). Trusted. */
package plinius.attestation;
