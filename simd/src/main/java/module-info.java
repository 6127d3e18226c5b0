/** The kernels over jdk.incubator.vector. Nothing else trusted may use it. */
module plinius.simd {
  requires transitive plinius.kernel;
  requires jdk.incubator.vector;

  exports plinius.simd;

  provides plinius.kernel.Kernels with
      plinius.simd.VectorKernels;
}
