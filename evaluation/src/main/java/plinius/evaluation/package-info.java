/**
 * What an experiment is, what it finds, and how all of them are run and written down. Outside the
 * trusted part. Start with {@link plinius.evaluation.Experiment} and {@link
 * plinius.evaluation.Evaluation}; the experiments themselves are in {@code experiments}.
 */
package plinius.evaluation;
