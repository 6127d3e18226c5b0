/**
 * Tests of the whole with real processes: the same jars and the same image that users run. Start at
 * {@link plinius.system.Plinius}, which runs the command.
 */
package plinius.system;
