/** Tensors over one parameter block; the kernel interface and its scalar reference. */
module plinius.kernel {
  exports plinius.kernel;
}
