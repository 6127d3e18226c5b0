package plinius.owner;

import plinius.dataset.ByteSource;

/** A sealed file at hand, to be tampered with. */
final class BytesInMemory implements ByteSource {
  private final byte[] content;

  BytesInMemory(byte[] content) {
    this.content = content;
  }

  @Override
  public long bytes() {
    return content.length;
  }

  @Override
  public void read(long offset, byte[] target, int at, int length) {
    System.arraycopy(content, Math.toIntExact(offset), target, at, length);
  }
}
