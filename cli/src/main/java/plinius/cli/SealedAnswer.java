package plinius.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;
import plinius.dataset.SealedResult;
import plinius.host.HostArguments;
import plinius.seal.Id128;

/** A question to the enclave whose answer only the owner's key opens. */
final class SealedAnswer {
  private SealedAnswer() {}

  /**
   * Asks, waits, and opens the answer.
   *
   * @param keep where the sealed answer shall stay
   * @param opened gets the answer's plaintext
   * @return the exit code
   */
  static int ask(
      RunRequest request,
      OwnerKeyOptions key,
      Optional<Path> keep,
      SealedResult.Content content,
      Consumer<byte[]> opened) {
    Installation installation = Installation.current();
    try (Owner owner = Owner.start(installation, key.file(), key.passphrase(), 0)) {
      Path file = keep.isPresent() ? keep.get() : Files.createTempFile("plinius", ".result");
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
        if (keep.isEmpty()) {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException e) {
      throw new Refusal(ExitCode.MEDIUM, "cannot keep the sealed answer: " + Failures.why(e));
    }
  }
}
