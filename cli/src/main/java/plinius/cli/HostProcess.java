package plinius.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import plinius.host.HostArguments;

/**
 * The host as a process of its own. Its standard input is a pipe that nobody writes to: its end
 * tells the host that this process is gone. SIGINT and SIGTERM make the host finish the iteration;
 * this process only passes them on, waits, and ends with the host's exit code.
 */
public final class HostProcess {
  private static final String MAIN = "plinius.host/plinius.host.Main";

  /** What the shell's convention adds to the number of the signal that ended a process. */
  private static final int SIGNALLED = 128;

  private HostProcess() {}

  /**
   * Runs the host with this process's standard output and error.
   *
   * @param installation where the parts are
   * @param arguments what the host shall do
   * @return the host's exit code
   */
  public static int run(Installation installation, HostArguments arguments) {
    return run(installation, arguments, Optional.empty());
  }

  /**
   * Runs the host and reads what it says.
   *
   * @param installation where the parts are
   * @param arguments what the host shall do
   * @param line called with each line that the host writes to standard output or error
   * @return the host's exit code
   */
  public static int run(Installation installation, HostArguments arguments, Consumer<String> line) {
    return run(installation, arguments, Optional.of(line));
  }

  private static int run(
      Installation installation, HostArguments arguments, Optional<Consumer<String>> line) {
    List<String> command = new ArrayList<>();
    command.add(installation.java().toString());
    // A short life with little work: C1 and one collector thread start fastest.
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    // Its standard output may be JSON; an archive that does not fit is nobody's error.
    command.addAll(List.of("-Xlog:disable", "-Xlog:all=error,cds*=off,aot*=off:stderr"));
    command.add("-XX:SharedArchiveFile=" + installation.archive());
    command.addAll(List.of("-p", installation.modulePath(), "-m", MAIN));
    command.addAll(arguments.toArguments());
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.redirectInput(ProcessBuilder.Redirect.PIPE);
    if (line.isPresent()) {
      builder.redirectErrorStream(true);
    } else {
      builder.redirectOutput(ProcessBuilder.Redirect.INHERIT);
      builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    }

    try (PassOn signals = new PassOn()) {
      Process host = builder.start();
      signals.to(host);
      if (line.isPresent()) {
        try (BufferedReader reader = host.inputReader(StandardCharsets.UTF_8)) {
          reader.lines().forEach(line.get());
        }
      }
      return exitCode(host.waitFor(), "the host process", "goes on from the last mirror");
    } catch (IOException e) {
      throw new Refusal(ExitCode.INTERNAL, "cannot start the host process: " + Failures.why(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Refusal(ExitCode.STOPPED, "interrupted while the host was running");
    }
  }

  /**
   * The exit code of a process of ours. Where it did not choose it, somebody else ended it.
   *
   * @param what the process is
   * @param then what the same command does next
   */
  static int exitCode(int code, String what, String then) {
    for (ExitCode known : ExitCode.values()) {
      if (known.code() == code) {
        return code;
      }
    }
    throw new Refusal(
        code > SIGNALLED ? ExitCode.STOPPED : ExitCode.INTERNAL,
        what
            + " died ("
            + (code > SIGNALLED ? "signal " + (code - SIGNALLED) : "exit code " + code)
            + "); the same command "
            + then);
  }

  /**
   * Stands between a signal and the end of this process: the virtual machine answers SIGINT and
   * SIGTERM by running its hooks, so the hook asks the host to stop, waits for it, and ends the
   * process with the host's exit code instead of the signal's. The broker's threads run on
   * meanwhile.
   */
  private static final class PassOn implements AutoCloseable {
    private final AtomicReference<Process> host = new AtomicReference<>();
    private final Thread hook = new Thread(this::stop, "stop-host");

    PassOn() {
      Runtime.getRuntime().addShutdownHook(hook);
    }

    void to(Process process) {
      host.set(process);
    }

    private void stop() {
      Process process = host.get();
      if (process == null) {
        return;
      }
      process.toHandle().destroy();
      boolean ended = false;
      while (!ended) {
        try {
          process.waitFor();
          ended = true;
        } catch (InterruptedException e) {
          // Nobody may hurry this up but by SIGKILL: the mirror is being written.
        }
      }
      Runtime.getRuntime().halt(process.exitValue());
    }

    @Override
    public void close() {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The hook is running already: it ends the process, and this thread must not do so first.
        park();
      }
    }

    private static void park() {
      while (true) {
        try {
          Thread.sleep(Long.MAX_VALUE);
        } catch (InterruptedException e) {
          return;
        }
      }
    }
  }
}
