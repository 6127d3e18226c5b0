/**
 * Releases keys to accepted enclaves; its log; its HTTPS. Speaks the KBS protocol 0.4.0, so that an
 * existing key broker can take its place.
 *
 * <p>Owner's side: it holds the owner's key, and runs where the owner trusts the machine. Start at
 * {@link plinius.broker.Broker}. It must not depend on host or enclave.
 */
package plinius.broker;
