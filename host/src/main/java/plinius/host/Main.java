package plinius.host;

import java.io.IOException;
import java.util.List;
import plinius.boundary.BoundaryException;

/**
 * The host process. Started by the verbs train and test with {@link HostArguments}, standard input
 * a pipe that stays open for as long as the one who started it lives (its end stops the host and
 * the enclave at once), standard output and error inherited: JSON lines or text for people. SIGTERM
 * and SIGINT let the enclave finish its iteration and mirror it. Its exit code is the command's:
 * whoever starts it waits for it and passes the code on.
 */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    int code;
    Report report = new TextReport(System.out, System.err);
    try {
      HostArguments parsed = HostArguments.parse(List.of(arguments));
      if (parsed.json()) {
        report = new JsonReport(System.out);
      }
      code = run(parsed, report);
    } catch (HostException e) {
      report.failed(e.exitCode(), e.getMessage());
      code = e.exitCode();
    } catch (BoundaryException e) {
      report.failed(70, e.getMessage());
      code = 70;
    }
    // Not exit: a signal's shutdown hook may be waiting for this very moment.
    System.out.flush();
    Runtime.getRuntime().halt(code);
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
