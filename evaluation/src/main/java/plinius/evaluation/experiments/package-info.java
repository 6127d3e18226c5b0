/**
 * The experiments, a class each; what they share beside {@link plinius.evaluation.Laboratory} is
 * {@link plinius.evaluation.process.Trainings}. Outside the trusted part.
 */
package plinius.evaluation.experiments;
