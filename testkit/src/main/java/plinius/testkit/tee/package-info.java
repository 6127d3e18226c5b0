/**
 * Trusted platforms that tests make up, with certificates of their own from the root on: what they
 * sign is built byte by byte from the makers' specifications, apart from the code that reads it.
 * Start at {@link plinius.testkit.tee.MadeUpTdx} and {@link plinius.testkit.tee.MadeUpSnp}; {@link
 * plinius.testkit.tee.MadeUpSimulation} has no more than a key.
 */
package plinius.testkit.tee;
