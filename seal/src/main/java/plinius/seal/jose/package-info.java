/**
 * The JSON, JWK and JWE forms in which keys travel to an enclave. Trusted; parses what a hostile
 * host hands over.
 *
 * <p>Start at {@link plinius.seal.jose.Jwe}. Bounded in depth, size and allocation; everything that
 * is not exactly what the Key Broker Service protocol says is refused.
 */
package plinius.seal.jose;
