package plinius.evaluation.mirror;

import plinius.seal.SecretBytes;

/** The cipher alone: sealed into one buffer over and over, and the last one unsealed. */
final class CipherStore implements Store {
  private final Buffers buffers;

  CipherStore(Model model, SecretBytes key) {
    this.buffers = new Buffers(model, key);
  }

  @Override
  public String name() {
    return "cipher only";
  }

  @Override
  public void save() {
    buffers.parts().forEach(buffers::seal);
  }

  @Override
  public void restore() {
    Buffers.Part before = null;
    for (Buffers.Part part : buffers.parts()) {
      if (before == null || before.floats() != part.floats()) {
        buffers.seal(part);
      }
      buffers.unseal(part);
      before = part;
    }
  }

  @Override
  public void close() {
    buffers.close();
  }
}
