/**
 * The demonstration: the whole product in one command, on data that it finds or draws itself.
 * Owner's side. Start at {@link plinius.cli.demo.Demo}.
 */
package plinius.cli.demo;
