/**
 * The kernels as their definitions read, for tests and for machines without vectors; hierarchies of
 * classes.
 */
module plinius.reference {
  requires transitive plinius.kernel;

  exports plinius.reference;

  provides plinius.kernel.Kernels with
      plinius.reference.ScalarKernels;
}
