/**
 * How an enclave asks for its keys: the messages of the Confidential Containers KBS protocol 0.4.0,
 * and the {@link plinius.attestation.kbs.Grant} that they bring.
 *
 * <p>Trusted. Start at {@link plinius.attestation.kbs.KbsClient}. Messages are built and checked
 * here and carried by whoever implements {@link plinius.attestation.kbs.KbsTransport}, whom nothing
 * here trusts.
 */
package plinius.attestation.kbs;
