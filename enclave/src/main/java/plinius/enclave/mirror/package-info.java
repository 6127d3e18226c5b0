/**
 * The encrypted mirror of a model in persistent memory. Trusted. Start at {@link
 * plinius.enclave.mirror.ModelMirror}. Sees named tensors, never layers. The format is in
 * docs/design/mirror-format.md.
 */
package plinius.enclave.mirror;
