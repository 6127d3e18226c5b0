/**
 * Every call that crosses the border between host and enclave, as records with their codec.
 * Trusted.
 */
package plinius.boundary;
