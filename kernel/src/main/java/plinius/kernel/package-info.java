/**
 * The kernel interface, and what a training step needs beside it: workers and counter-based random
 * numbers. Trusted. Start at {@link plinius.kernel.Kernels}. Knows neither layers nor secrets.
 */
package plinius.kernel;
