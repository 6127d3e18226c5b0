package plinius.romulus;

import plinius.pmem.PersistentMemory;

/**
 * The paper's protocol: transactions change main (twin 0), and back (twin 1) follows. The word
 * counts commits in its upper bits and has the state in its lower two. On the medium MUTATING says
 * that back is the committed state, COPYING that main is, IDLE that both are. Romulus, Correia,
 * Felber and Ramalhete, SPAA 2018, Algorithm 1; readers as in its Left-Right variant, so that they
 * wait for nobody and see durable states only.
 */
final class ClassicTwins extends Twins {
  static final int MAIN = 0;
  static final int BACK = 1;
  static final int IDLE = 0;
  static final int MUTATING = 1;
  static final int COPYING = 2;
  private static final int STATE_BITS = 2;

  private final Runnable mutation = this::mutate; // one object for all transactions

  ClassicTwins(
      PersistentMemory memory, PoolFormat.Header header, Readers readers, long cutOverBytes) {
    super(memory, header, readers, cutOverBytes);
    log.beforeFirst(this::beforeFirst);
  }

  static long commits(long value) {
    return value >>> STATE_BITS;
  }

  static int state(long value) {
    return (int) (value & ((1 << STATE_BITS) - 1));
  }

  /** MUTATING comes after COPYING of the same count. */
  static long order(long value) {
    return 2 * commits(value) + (state(value) == MUTATING ? 1 : 0);
  }

  static int committed(long value) {
    return state(value) == MUTATING ? BACK : MAIN;
  }

  @Override
  int working() {
    return MAIN;
  }

  @Override
  void open(boolean busy) {
    if (twin(visible()) != BACK) {
      show(BACK);
      // Here and not before the first store: that may come from inside a read of this very thread.
      readers.drain(MAIN);
    }
    if (busy) {
      // Now rather than in the middle of the body, whose loop is the faster for it. Should it store
      // nothing, then the next one that does finds the word so.
      beforeFirst();
      log.ready();
    }
  }

  /** Before the first store to main. */
  private void beforeFirst() {
    checkUsable();
    if (state(value) != MUTATING) { // else one that was taken back has left the word so, durably
      orPoison(mutation);
    }
  }

  private void mutate() {
    // Back is durable, and MUTATING says that it may be trusted, before main changes: or recovery
    // trusts a torn main. In the paper IDLE is stored before that and persists some time; MUTATING
    // would overwrite it at once.
    persist(commits(value) << STATE_BITS | MUTATING);
  }

  @Override
  void persistCommitted() {
    persist((commits(value) + 1) << STATE_BITS | COPYING);
  }
}
