/**
 * Mapping and write-back of persistent memory (pwb, pfence, psync): the one seam where time and
 * power can be faked. Trusted.
 */
package plinius.pmem;
