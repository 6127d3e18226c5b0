package plinius.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import picocli.CommandLine.Option;
import plinius.dataset.SealedResult;
import plinius.host.HostArguments;
import plinius.seal.Id128;

/** Questions to the enclave whose answers only the owner's key opens: what they have in common. */
final class SealedAnswer {
  @Option(names = "--best", description = "Ask the best validated model, not the newest.")
  private boolean best;

  @Option(names = "--out", paramLabel = "F", description = "Keep the sealed answer in this file.")
  private Path out;

  /** Whether the best validated model is asked. */
  boolean best() {
    return best;
  }

  /**
   * Asks, waits, and opens the answer.
   *
   * @param opened gets the answer's plaintext
   * @return the exit code
   */
  int ask(
      RunRequest request,
      OwnerKeyOptions key,
      SealedResult.Content content,
      Consumer<byte[]> opened) {
    Installation installation = Installation.current();
    try (Owner owner = Owner.start(installation, key.file(), key.passphrase(), 0)) {
      Path file = out != null ? out : Files.createTempFile("plinius", ".result");
      try {
        HostArguments arguments = owner.prepare(request.answeringInto(file.toAbsolutePath()));
        int code = HostProcess.run(installation, arguments);
        if (code == ExitCode.DONE.code()) {
          byte[] answer = owner.open(file, content, Id128.parse(arguments.job()));
          try {
            opened.accept(answer);
          } finally {
            Arrays.fill(answer, (byte) 0);
          }
        }
        return code;
      } finally {
        if (out == null) {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException e) {
      throw new Refusal(ExitCode.MEDIUM, "cannot keep the sealed answer: " + Failures.why(e));
    }
  }
}
