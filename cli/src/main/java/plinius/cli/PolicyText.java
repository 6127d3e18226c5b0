package plinius.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BiFunction;
import plinius.verification.BadPolicy;

/** An appraisal policy in a file, as an owner writes it. */
final class PolicyText {
  private PolicyText() {}

  /**
   * What a reader makes of a policy.
   *
   * @param reader takes the file's name and its text
   */
  static <T> T read(Path file, BiFunction<String, String, T> reader) {
    try {
      return reader.apply(file.toString(), Files.readString(file));
    } catch (BadPolicy e) {
      throw new Refusal(ExitCode.BAD_INPUT, e.getMessage());
    } catch (IOException e) {
      throw new Refusal(
          ExitCode.BAD_INPUT, "cannot read the policy " + file + ": " + Failures.why(e));
    }
  }
}
