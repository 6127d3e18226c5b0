/**
 * Darknet's networks in Java: built from a .cfg, trained with momentum and decay, their whole state
 * in one block of floats that can be mirrored. Start at {@link plinius.darknet.Network}. Trusted;
 * must not depend on files, clocks or anything else that is not its input, because the state after
 * iteration n has to be the same bits on every run.
 */
package plinius.darknet;
