/**
 * What the enclave's image leaves out, and so not trusted: the kernels as their definitions read,
 * with which the bits of all others are compared, and hierarchies of classes, which lie in files.
 * Start at {@link plinius.reference.ScalarKernels} or {@link plinius.reference.FileTree}.
 */
package plinius.reference;
