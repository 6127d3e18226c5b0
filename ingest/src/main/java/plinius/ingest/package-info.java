/**
 * Decoders of the files that people have, and nothing that the enclave needs. Not trusted: it runs
 * on the owner's machine, before the data is sealed. Start at {@link plinius.ingest.Pictures}.
 */
package plinius.ingest;
