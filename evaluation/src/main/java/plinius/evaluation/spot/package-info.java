/**
 * Spot instances: traces of prices or availability, and training under them, counted or with real
 * processes that are killed. Outside the trusted part. Start with {@link
 * plinius.evaluation.spot.Traces} and {@link plinius.evaluation.spot.SpotRun}.
 */
package plinius.evaluation.spot;
