/**
 * Programs that measure the mirror and what it is compared with, each in a virtual machine of its
 * own with the enclave's options. Outside the trusted part. Start with {@link
 * plinius.evaluation.mirror.MirrorProbe}.
 */
package plinius.evaluation.mirror;
