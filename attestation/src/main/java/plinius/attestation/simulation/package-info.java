/**
 * A platform without hardware, which protects nothing and says so in each piece of its evidence:
 * the same messages and the same checks as on a real one, so that they can be run and tested
 * everywhere.
 *
 * <p>Trusted code, untrustworthy platform. Start at {@link
 * plinius.attestation.simulation.SimulatedPlatform}.
 */
package plinius.attestation.simulation;
