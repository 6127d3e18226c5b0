/**
 * The kernels as their definitions read: what the bits of all others are compared with. Not in the
 * enclave's image, and so not trusted. Start at {@link plinius.reference.ScalarKernels}.
 */
package plinius.reference;
