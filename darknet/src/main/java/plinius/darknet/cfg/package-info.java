/**
 * The .cfg format of Darknet, read strictly: where the original falls back to a default, this
 * reader names file, line, key and what is known. Start at {@link plinius.darknet.cfg.Cfg}. Depends
 * on nothing else of this module but its exceptions. Trusted: the text comes from the host.
 */
package plinius.darknet.cfg;
