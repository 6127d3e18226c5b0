package plinius.romulus;

import plinius.pmem.PersistentMemory;

/**
 * Twins that change places: C is the last committed state, W the working copy, and the value of the
 * word counts commits, so that its parity says which is which. A commit makes W durable and flips
 * the word: two fences, one where a {@link Witness} can do it. Romulus (Correia, Felber and
 * Ramalhete, SPAA 2018) with offsets for references, so that it does not matter where a twin lies.
 */
final class PingPongTwins extends Twins {
  PingPongTwins(
      PersistentMemory memory, PoolFormat.Header header, Readers readers, long cutOverBytes) {
    super(memory, header, readers, cutOverBytes);
  }

  static int committed(long value) {
    return (int) (value & 1);
  }

  @Override
  int working() {
    return 1 - committed();
  }

  @Override
  void open(boolean busy) {
    log.ready(); // readers are on C, and W belongs to the writer
  }

  @Override
  void persistCommitted() {
    persist(value + 1);
  }
}
