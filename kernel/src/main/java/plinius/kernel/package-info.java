/**
 * The kernel interface, and what a training step needs beside it: workers, counter-based random
 * numbers, and what layers ask of a hierarchy of classes. Trusted. Start at {@link
 * plinius.kernel.Kernels}. Knows neither layers nor secrets.
 */
package plinius.kernel;
