package plinius.testkit;

/** Something that was done to a persistent memory. */
public sealed interface Event {
  /** A store that reaches the medium as a whole or not at all. */
  @SuppressWarnings("ArrayRecordComponent") // never compared, and copied by whoever makes one
  record Store(int thread, long offset, byte[] bytes) implements Event {
    @Override
    public String toString() {
      return "store of " + bytes.length + " bytes at " + offset + " by thread " + thread;
    }
  }

  /** The thread began to write these lines back. */
  record Pwb(int thread, long offset, long length) implements Event {}

  /** The thread waited for what it wrote back, and for what was handed over. */
  record Fence(int thread) implements Event {}

  /** The thread passed what it wrote back to whoever fences next. */
  record HandOver(int thread) implements Event {}

  /** The process died and the machine lived: what was written back is nobody's any more. */
  record Kill() implements Event {}

  /** The program promised this state: from here on a crash must not lose it. */
  record Mark(int state) implements Event {}
}
