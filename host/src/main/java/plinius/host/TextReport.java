package plinius.host;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import plinius.boundary.EnclaveMessage.Answered;
import plinius.boundary.EnclaveMessage.IterationDone;
import plinius.boundary.EnclaveMessage.Ready;
import plinius.boundary.EnclaveMessage.Replanned;
import plinius.boundary.EnclaveMessage.Resumed;
import plinius.boundary.EnclaveMessage.Score;
import plinius.boundary.EnclaveMessage.Started;
import plinius.boundary.EnclaveMessage.Tested;
import plinius.boundary.EnclaveMessage.Validated;

/** Lines for people; on a terminal with a bar that moves, elsewhere with a line now and then. */
final class TextReport implements Report {
  private static final int BAR_CHARACTERS = 24;
  private static final long REDRAW_NANOS = 100_000_000L;
  private static final long LINE_NANOS = 10_000_000_000L;

  private final PrintStream out;
  private final PrintStream err;
  private final boolean terminal = isTerminal();

  private int target;
  private int first = -1;
  private long began;
  private long drawn;
  private boolean barShown;

  TextReport(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /** Standard input is a pipe from the parent, so that System.console() knows nothing. */
  private static boolean isTerminal() {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException e) {
      return false;
    }
  }

  @SuppressWarnings("AnnotateFormatMethod") // the annotation is no part of the JDK
  private synchronized void line(String format, Object... values) {
    clearBar();
    out.println(String.format(Locale.ROOT, format, values));
    out.flush();
  }

  @Override
  public void processes(long hostPid, long enclavePid) {
    // Of interest to programs only.
  }

  @Override
  public void ready(Ready ready) {
    line("enclave: %s, kernels %s", ready.platform(), ready.kernels());
    if (!ready.warning().isEmpty()) {
      line("WARNING: %s", ready.warning());
    }
  }

  @Override
  public synchronized void loading(String name, long bytes, long of) {
    if (bytes == of) {
      line("loaded %s into persistent memory: %d bytes", name, bytes);
    } else {
      bar((double) bytes / of, "loading " + name);
    }
  }

  @Override
  public void started(String job, Started started) {
    target = started.target();
    line(
        "start at iteration 0 of %d: job %s, epoch %d, seed %d; mirror %s",
        target, job, started.epoch(), started.seed(), started.pool());
  }

  @Override
  public void resumed(String job, Resumed resumed) {
    target = resumed.target();
    line(
        "resume at iteration %d of %d: job %s, epoch %d, seed %d, %s; mirror %s",
        resumed.iteration(),
        target,
        job,
        resumed.epoch(),
        resumed.seed(),
        resumed.averageLoss() < 0
            ? "no loss yet"
            : String.format(Locale.ROOT, "average loss %.5f", resumed.averageLoss()),
        resumed.pool());
  }

  @Override
  public void replanned(Replanned replanned) {
    line(
        "after iteration %d goes on by kernel plan \"%s\" instead of \"%s\", as the owner said:"
            + " from here on the bits are no longer those of an undisturbed run",
        replanned.iteration(), replanned.plan(), replanned.before());
  }

  @Override
  public synchronized void iteration(IterationDone done) {
    long now = System.nanoTime();
    if (first < 0) {
      first = done.iteration();
      began = now;
      drawn = now - LINE_NANOS;
    }
    boolean last = done.iteration() >= target;
    if (!last && now - drawn < (terminal ? REDRAW_NANOS : LINE_NANOS)) {
      return;
    }
    drawn = now;
    String text =
        String.format(
            Locale.ROOT,
            "iteration %d/%d  loss %.5f  average %.5f  rate %.6g  %.1f ms, of it waiting for"
                + " mirrors %.1f ms",
            done.iteration(),
            target,
            done.loss(),
            done.averageLoss(),
            done.rate(),
            done.nanos() / 1e6,
            done.mirrorWaitNanos() / 1e6);
    if (terminal && !last) {
      int made = done.iteration() - first;
      long left =
          made == 0 ? 0 : (now - began) / made * (target - done.iteration()) / 1_000_000_000L;
      bar(
          (double) done.iteration() / target,
          text + String.format(Locale.ROOT, "  %d:%02d left", left / 60, left % 60));
    } else {
      line("%s", text);
    }
  }

  private void bar(double fraction, String text) {
    if (!terminal) {
      return;
    }
    int full = (int) Math.round(Math.clamp(fraction, 0, 1) * BAR_CHARACTERS);
    err.print("\r\u001b[K[" + "#".repeat(full) + "-".repeat(BAR_CHARACTERS - full) + "] " + text);
    err.flush();
    barShown = true;
  }

  private void clearBar() {
    if (barShown) {
      err.print("\r\u001b[K");
      err.flush();
      barShown = false;
    }
  }

  @Override
  public void validated(Validated validated) {
    line(
        "validation after iteration %d: %s%s",
        validated.iteration(),
        text(validated.score()),
        validated.best() ? ", the best so far" : "");
  }

  @Override
  public void tested(Tested tested) {
    line("tested the model of iteration %d: %s", tested.iteration(), text(tested.score()));
  }

  private static String text(Score score) {
    return switch (score.metric()) {
      case ACCURACY ->
          String.format(
              Locale.ROOT,
              "%d of %d right, accuracy %.4f",
              score.correct(),
              score.samples(),
              score.value());
      case BITS_PER_CHARACTER ->
          String.format(Locale.ROOT, "%.4f bits a character of %d", score.value(), score.samples());
      case MEAN_SQUARED_ERROR ->
          String.format(
              Locale.ROOT, "mean squared error %.6g of %d samples", score.value(), score.samples());
      case MEAN_AVERAGE_PRECISION ->
          String.format(Locale.ROOT, "mAP@.5 %.4f of %d scenes", score.value(), score.samples());
    };
  }

  @Override
  public void answered(Answered answered, Path out) {
    line("sealed the answer of the model of iteration %d: %s", answered.iteration(), out);
  }

  @Override
  public void done(int iteration, String state) {
    line("done after iteration %d, state %s", iteration, state);
  }

  @Override
  public void stopped(int iteration, String state) {
    line(
        "stopped after iteration %d, state %s; the same command goes on from there",
        iteration, state);
  }

  @Override
  public void killed(String at, int iteration, boolean inside) {
    line("killed at %s, iteration %d: %s", at, iteration, inside ? "inside it" : "just after it");
  }

  @Override
  public void notice(String text) {
    line("%s", text);
  }

  @Override
  public synchronized void failed(int code, String reason) {
    clearBar();
    err.println("plinius: " + reason);
    err.flush();
  }
}
