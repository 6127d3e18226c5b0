package plinius.cli;

import java.util.function.LongConsumer;

/** A bar on one line of the terminal; nothing at all where nobody watches. */
final class ProgressLine implements LongConsumer, AutoCloseable {
  private static final int WIDTH = 40;

  private final String what;
  private final long total;
  private final boolean shown = Terminal.isInteractive();
  private int drawn = -1;

  ProgressLine(String what, long total) {
    this.what = what;
    this.total = Math.max(total, 1);
  }

  @Override
  public void accept(long done) {
    int filled = (int) (Math.min(done, total) * WIDTH / total);
    if (shown && filled != drawn) {
      drawn = filled;
      Terminal.err()
          .printf("\r%s [%s%s]", what, "=".repeat(filled), " ".repeat(WIDTH - filled))
          .flush();
    }
  }

  @Override
  public void close() {
    if (drawn >= 0) {
      Terminal.err().println();
    }
  }
}
