/**
 * Darknet's .weights files: read, written, and sealed into pools and out of them. Not trusted by
 * the enclave: the owner runs it. Start at {@link plinius.exchange.weights.WeightsReader}.
 */
package plinius.exchange.weights;
