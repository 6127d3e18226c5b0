/** The kernels over jdk.incubator.vector. Nothing else may use it. Trusted. */
package plinius.simd;
