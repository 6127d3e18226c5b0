package plinius.romulus;

import java.util.concurrent.atomic.LongAdder;
import plinius.pmem.PersistentMemory;

/**
 * The two twins of a pool and the word that says which of them to believe: everything about the
 * order in which they reach the medium. Used under the writer's lock, but for {@link #visible}.
 *
 * <p>One {@link TwinLog} serves both directions. While a transaction runs it says what to make
 * durable of the working twin. Afterwards, committed or taken back, it says what the twin that does
 * not count owes to the one that does; the next transaction begins by paying ({@link #begin}), so
 * that its own first fence covers the copying and the caller of the last one does not wait for it.
 * Recovery is the same with a log that says "everything".
 */
abstract sealed class Twins permits PingPongTwins, ClassicTwins {
  final PersistentMemory memory;
  final PoolFormat.Header header;
  final Readers readers;
  final TwinLog log;
  final Witness witness;

  /** The value of the changing word that is stored, durable or not. */
  long value;

  /** What readers see: twice the sequence, plus the twin that holds it. */
  private volatile long visible;

  private volatile Throwable poison;
  private boolean recovered;
  private boolean unfenced; // this thread wrote back and has not waited

  // Plain: read under the writer's lock.
  private long commits;
  private long aborts;
  private long pfences;
  private long writtenBackBytes;
  private long copiedBytes;
  private long recoveredBytes;
  private long recoveryNanos;
  private long cutOvers;
  final LongAdder extentBytes = new LongAdder();

  Twins(PersistentMemory memory, PoolFormat.Header header, Readers readers, long cutOverBytes) {
    this.memory = memory;
    this.header = header;
    this.readers = readers;
    value = PoolFormat.readValue(memory, header);
    log = new TwinLog(header.twinBytes(), cutOverBytes);
    witness = new Witness(memory, header);
    show(committed());
  }

  static Twins of(
      PersistentMemory memory, PoolFormat.Header header, Readers readers, long cutOverBytes) {
    return switch (header.protocol()) {
      case PING_PONG -> new PingPongTwins(memory, header, readers, cutOverBytes);
      case ROMULUS -> new ClassicTwins(memory, header, readers, cutOverBytes);
    };
  }

  /** The twin that holds the committed state, 0 or 1. */
  final int committed() {
    return header.protocol().committedTwin(value);
  }

  /** The twin that a transaction changes. */
  abstract int working();

  /**
   * The twins are equal: prepares a transaction that may store.
   *
   * @param busy whether the last one did, so that this one will as a rule
   */
  abstract void open(boolean busy);

  /** Makes the working twin durable, as the committed one. */
  abstract void persistCommitted();

  /** Twice the sequence of the state that readers are to see, plus its twin. */
  final long visible() {
    return visible;
  }

  static long sequence(long visible) {
    return visible >>> 1;
  }

  static int twin(long visible) {
    return (int) (visible & 1);
  }

  /** Sends readers that arrive from now on to this twin. */
  final void show(int twin) {
    visible = header.protocol().sequence(value) << 1 | twin;
  }

  final void checkUsable() {
    Throwable cause = poison;
    if (cause != null) {
      throw new PoolException.Poisoned(cause);
    }
  }

  /** Makes the twins equal and ready for a transaction. Nobody reads the working twin after it. */
  final void begin() {
    try {
      boolean busy = recovered && !log.isEmpty();
      if (!recovered) {
        recover();
      } else if (busy) {
        copiedBytes += copyOwed();
      }
      open(busy);
    } catch (Throwable failed) {
      poison = failed;
      throw failed;
    }
  }

  /**
   * Replaces whatever a crash left in the twin that does not count. Idempotent: the other one and
   * the word stay as they are.
   */
  private void recover() {
    long began = System.nanoTime();
    // Overwriting a twin while the medium still names it would lose both states if the power failed
    // now: a process that died between the store of the word and its fence leaves a word that is
    // visible and not durable.
    persistMarkAndWord();
    log.addEverything();
    recoveredBytes = copyOwed();
    recoveryNanos = System.nanoTime() - began;
    recovered = true;
  }

  private long copyOwed() {
    int from = committed();
    // Readers still on the other twin would see it change under them, and extents that it names
    // reused.
    readers.drain(1 - from);
    // Past the top of the committed twin nothing is in use, so what a transaction that was taken
    // back added there needs no undoing.
    witness.addOwed(log, header.twin(from));
    long bytes = log.copy(memory, header.twin(from), header.twin(1 - from), top(from));
    unfenced = true;
    return bytes;
  }

  private long top(int twin) {
    return log.isEverything() ? memory.getLong(header.twin(twin) + Heap.TOP_OFFSET) : 0;
  }

  /** Makes durable what the transaction did, if it did anything. */
  final void commit() {
    checkUsable(); // a body may have swallowed that its first store failed
    if (log.isEmpty()) {
      return;
    }
    try {
      int working = working();
      if (log.isEverything()) {
        cutOvers++;
      }
      witness.addChanged(log, header.twin(working));
      writtenBackBytes +=
          log.writeBack(memory, header.twin(working), header.twin(1 - working), top(working));
      // Durable before the caller hears of it, before a reader sees the state, and before the other
      // twin is overwritten.
      persistCommitted();
      show(working);
      commits++;
    } catch (Throwable failed) {
      poison = failed;
      throw failed;
    }
  }

  /**
   * The transaction is taken back: what it recorded is now owed in the other direction.
   *
   * @param lost the write-back that failed in it, if one did; null otherwise
   */
  final void abandon(Throwable lost) {
    aborts++;
    poison = lost != null ? lost : poison;
  }

  /**
   * The lock is about to go: the next writer may be another thread, whose fences do not wait for
   * the write-backs of this one.
   */
  final void release() {
    if (unfenced && poison == null) {
      orPoison(memory::handOver);
      unfenced = false;
    }
  }

  /** Makes the word durable that is visible, and the mark of the pool. */
  final void persist() {
    orPoison(this::persistMarkAndWord);
  }

  private void persistMarkAndWord() {
    // Stores of what is there already: after a failed msync the kernel holds these pages for clean.
    memory.setLong(PoolFormat.MAGIC_OFFSET, PoolFormat.MAGIC);
    memory.pwb(PoolFormat.MAGIC_OFFSET, Long.BYTES);
    boolean witnessed = witness.writeBackLines(value);
    if (witnessed) {
      pfence();
    }
    storeWord();
    pfence();
    if (witnessed) {
      witness.retire();
      pfence();
    }
  }

  /** Makes durable what this thread wrote back, and a value that says so. */
  final void persist(long next) {
    if (next > PoolFormat.VALUE_MAX) {
      throw new IllegalStateException("the pool has run out of sequence numbers");
    }
    value = next;
    if (witness.suffices()) {
      witness.store(committed(), next);
    } else {
      // All of the twin, and the extents that it names, must be durable before the word names it.
      pfence();
      storeWord();
    }
    writtenBackBytes += PersistentMemory.LINE_BYTES;
    pfence();
  }

  private void storeWord() {
    memory.setLong(PoolFormat.WORD_OFFSET, PoolFormat.word(value));
    memory.pwb(PoolFormat.WORD_OFFSET, Long.BYTES);
  }

  /** Waits for all that this thread wrote back. */
  private void pfence() {
    memory.pfence();
    witness.fenced();
    unfenced = false;
    pfences++;
  }

  /**
   * Whatever goes wrong on the way to the medium, nobody knows afterwards which state is durable:
   * no retry, since the kernel may have dropped what it could not write; the next open finds out.
   */
  final void orPoison(Runnable step) {
    try {
      step.run();
    } catch (Throwable failed) {
      poison = failed;
      throw failed;
    }
  }

  final PoolStats stats() {
    return new PoolStats(
        commits,
        aborts,
        pfences,
        writtenBackBytes,
        copiedBytes,
        cutOvers,
        recoveredBytes,
        recoveryNanos,
        extentBytes.sum());
  }
}
