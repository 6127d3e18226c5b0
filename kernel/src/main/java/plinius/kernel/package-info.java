/** Tensors over one parameter block; the kernel interface and its scalar reference. Trusted. */
package plinius.kernel;
