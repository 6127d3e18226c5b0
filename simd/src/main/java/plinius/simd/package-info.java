/**
 * The kernels over jdk.incubator.vector, bit for bit those of the reference. Nothing else trusted
 * may use that module. Trusted. Start at {@link plinius.simd.VectorKernels}. Channels lie in the
 * lanes; no float reduction over lanes and no transcendental lane operation may be used here,
 * because their bits depend on the state of the compiler.
 */
package plinius.simd;
