package plinius.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import plinius.owner.OwnerKey;
import plinius.owner.SampleSource;
import plinius.owner.SealedDataSetWriter;

/** What the owner asks about in plain, sealed into a file that lasts as long as the question. */
final class SealedQuestion {
  private SealedQuestion() {}

  /**
   * Seals and asks.
   *
   * @param what what is sealed, for messages
   * @param samples opened after the key, closed when they are sealed
   * @param ask takes the sealed file and returns the exit code
   */
  static int ask(
      String what,
      OwnerKeyOptions key,
      Supplier<? extends SampleSource> samples,
      ToIntFunction<Path> ask) {
    Path sealed = null;
    try {
      sealed = Files.createTempFile("plinius", ".question");
      try (OwnerKey owner = key.load();
          SampleSource source = samples.get()) {
        SealedDataSetWriter.write(sealed, owner, source, _ -> {});
      }
      return ask.applyAsInt(sealed);
    } catch (IOException e) {
      throw new Refusal(ExitCode.MEDIUM, "cannot seal " + what + ": " + Failures.why(e));
    } finally {
      if (sealed != null) {
        sealed.toFile().delete();
      }
    }
  }
}
