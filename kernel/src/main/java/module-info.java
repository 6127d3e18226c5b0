/** Tensors' arithmetic: the kernel interface and what its implementations share. */
module plinius.kernel {
  exports plinius.kernel;

  uses plinius.kernel.Kernels;
}
