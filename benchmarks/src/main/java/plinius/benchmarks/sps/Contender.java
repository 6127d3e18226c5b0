package plinius.benchmarks.sps;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;
import plinius.pmem.WriteBack;

/** An implementation that is measured: a process that waits between its turns. */
final class Contender implements AutoCloseable {
  private final String implementation;
  private final WriteBack writeBack;
  private final Process process;
  private final Writer requests;
  private final BufferedReader answers;

  /** Starts it, and waits until it is warm. */
  Contender(
      String implementation,
      WriteBack writeBack,
      List<String> command,
      Map<String, String> environment) {
    this.implementation = implementation;
    this.writeBack = writeBack;
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().putAll(environment);
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new Refusal(ExitCode.INTERNAL, "cannot start " + command.getFirst() + ": " + e);
    }
    requests = process.outputWriter(StandardCharsets.US_ASCII);
    answers = process.inputReader(StandardCharsets.US_ASCII);
    answer();
  }

  /** The name in the results. */
  String implementation() {
    return implementation;
  }

  WriteBack writeBack() {
    return writeBack;
  }

  /** Swaps a second. */
  double measure(int threads, int swaps, long milliseconds) {
    try {
      requests.write(threads + " " + swaps + " " + milliseconds + "\n");
      requests.flush();
    } catch (IOException e) {
      throw ended();
    }
    return Double.parseDouble(answer());
  }

  private String answer() {
    try {
      String line = answers.readLine();
      if (line == null) {
        throw ended();
      }
      return line;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Refusal ended() {
    return new Refusal(
        ExitCode.INTERNAL,
        this + " ended while it was measured; what it said about that stands above");
  }

  /** Lets it check its array. */
  void finish() {
    try {
      requests.close();
      int code = process.waitFor();
      if (code != 0) {
        throw new Refusal(
            ExitCode.INTERNAL, this + " ended with " + code + ": its array is no permutation");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted while measuring", e);
    }
  }

  @Override
  public void close() {
    process.destroy();
  }

  @Override
  public String toString() {
    return implementation + " with " + writeBack.option();
  }
}
