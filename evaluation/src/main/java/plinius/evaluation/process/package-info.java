/**
 * Processes that experiments start, watch and kill: the product's commands and measuring programs.
 * Outside the trusted part. Start with {@link plinius.evaluation.process.Product}.
 */
package plinius.evaluation.process;
