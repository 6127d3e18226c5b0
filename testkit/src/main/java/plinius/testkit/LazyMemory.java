package plinius.testkit;

import java.util.BitSet;

/** An image whose lines are decided when they are looked at. */
final class LazyMemory extends SimulatedMemory {
  private final CrashModel model;
  private final DecisionTree.Lines lines;
  private final BitSet decided = new BitSet();
  private final int unitBytes;

  LazyMemory(Trace trace, CrashModel model, DecisionTree.Lines lines) {
    super(trace.granularity(), Tearing.LINES, trace.initial());
    this.model = model;
    this.lines = lines;
    this.unitBytes = trace.granularity().bytes();
  }

  @Override
  void needed(long offset, long length) {
    for (int unit = first(offset); length > 0 && unit <= last(offset, length); unit++) {
      decide(unit);
    }
  }

  @Override
  void overwritten(long offset, long length) {
    for (int unit = first(offset); length > 0 && unit <= last(offset, length); unit++) {
      long start = (long) unit * unitBytes;
      if (start >= offset && start + unitBytes <= offset + length) {
        decided.set(unit); // nobody will ever know what it was
      } else {
        decide(unit);
      }
    }
  }

  private int first(long offset) {
    return (int) (offset / unitBytes);
  }

  private int last(long offset, long length) {
    return (int) ((offset + length - 1) / unitBytes);
  }

  private void decide(int unit) {
    if (decided.get(unit)) {
      return;
    }
    decided.set(unit);
    if (model.unitAt(unit) != null) {
      int at = unit * unitBytes;
      System.arraycopy(
          lines.bytes(unit), 0, contents(), at, Math.min(unitBytes, contents().length - at));
    }
  }
}
