package plinius.host;

import java.io.IOException;
import java.util.List;
import java.util.function.IntSupplier;
import plinius.boundary.BoundaryException;

/**
 * The host process. Started by the verbs that need an enclave with {@link HostArguments}, standard
 * input a pipe that stays open for as long as the one who started it lives (its end stops the host
 * and the enclave at once), standard output and error inherited: JSON lines or text for people.
 * SIGTERM and SIGINT let the enclave finish its iteration and mirror it. Its exit code is the
 * command's: whoever starts it waits for it and passes the code on.
 */
public final class Main {
  private static final int INTERNAL = 70;

  private Main() {}

  public static void main(String[] arguments) {
    Report text = new TextReport(System.out, System.err);
    int code = reported(text, () -> start(HostArguments.parse(List.of(arguments)), text));
    // Not exit: a signal's shutdown hook may be waiting for this very moment.
    System.out.flush();
    Runtime.getRuntime().halt(code);
  }

  private static int start(HostArguments arguments, Report text) {
    Report report = arguments.json() ? new JsonReport(System.out) : text;
    return reported(report, () -> run(arguments, report));
  }

  /**
   * The exit code of a body, or of what it throws. Nothing passes, not even a defect: whoever waits
   * in a shutdown hook waits for the halt that comes after this.
   */
  private static int reported(Report report, IntSupplier body) {
    try {
      return body.getAsInt();
    } catch (HostException e) {
      report.failed(e.exitCode(), e.getMessage());
      return e.exitCode();
    } catch (BoundaryException e) {
      report.failed(INTERNAL, e.getMessage());
      return INTERNAL;
    } catch (RuntimeException | Error e) {
      StackTraceElement[] trace = e.getStackTrace();
      report.failed(
          INTERNAL,
          "internal error of the host, please report it: "
              + e
              + (trace.length == 0 ? "" : " at " + trace[0])
              + ". Nothing that was mirrored is lost: the same command goes on from there");
      return INTERNAL;
    }
  }

  private static int run(HostArguments arguments, Report report) {
    try (Session session = new Session(arguments, report)) {
      Thread.ofPlatform().daemon().name("parent").start(() -> endWithParent(session));
      Runtime.getRuntime()
          .addShutdownHook(
              Thread.ofPlatform()
                  .unstarted(
                      () -> {
                        session.requestStop();
                        waitForHalt();
                      }));
      return session.run();
    }
  }

  /** The parent holds the other end of standard input: when it dies, nobody wants the result. */
  private static void endWithParent(Session session) {
    try {
      byte[] ignored = new byte[64];
      while (System.in.read(ignored) >= 0) {
        // Nothing is said this way; only its end means something.
      }
    } catch (IOException e) {
      // As good as its end.
    }
    session.killEnclave();
    Runtime.getRuntime().halt(75);
  }

  private static void waitForHalt() {
    for (; ; ) {
      try {
        Thread.sleep(Long.MAX_VALUE);
      } catch (InterruptedException e) {
        // Only halt ends this.
      }
    }
  }
}
