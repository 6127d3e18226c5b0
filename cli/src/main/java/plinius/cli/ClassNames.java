package plinius.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What people call the classes, one a line of a text. */
final class ClassNames {
  private ClassNames() {}

  /** The names in a file; none without one. */
  static List<String> in(Optional<Path> file) {
    if (file.isEmpty()) {
      return List.of();
    }
    SealedFiles.requireReadable(file.get(), "it should hold a class's name on each line");
    try {
      return Files.readAllLines(file.get(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new Refusal(ExitCode.BAD_INPUT, "cannot read " + file.get() + ": " + Failures.why(e));
    }
  }

  /** A class's name, or else its number. */
  static String name(int category, List<String> known) {
    return category < known.size() ? known.get(category) : Integer.toString(category);
  }
}
