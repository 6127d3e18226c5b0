/** Tensors' arithmetic: the kernel interface and its scalar reference. */
module plinius.kernel {
  exports plinius.kernel;

  uses plinius.kernel.Kernels;
}
