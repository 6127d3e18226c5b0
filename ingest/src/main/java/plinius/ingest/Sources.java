package plinius.ingest;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import plinius.dataset.DataSetException;
import plinius.owner.UnusableFile;

/** What the sources have in common. */
final class Sources {
  /** More is no list, table or text that somebody means to read whole. */
  private static final long TEXT_BYTES_MAX = 1L << 30;

  private Sources() {}

  static RuntimeException unreadable(Path file, IOException e) {
    return switch (e) {
      case NoSuchFileException _ -> new DataSetException.BadInput("there is no file " + file);
      case MalformedInputException _ ->
          new DataSetException.BadInput(file + " is no text in UTF-8");
      default -> new UnusableFile("cannot read " + file, e);
    };
  }

  /** The lines of a text file, without blanks around them. */
  static List<String> lines(Path file) {
    try {
      if (Files.isDirectory(file) || Files.size(file) > TEXT_BYTES_MAX) {
        throw new DataSetException.BadInput(
            file + " is a folder, or larger than the " + TEXT_BYTES_MAX + " bytes of a text file");
      }
      return Files.readAllLines(file).stream().map(String::strip).toList();
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  static int number(Path file, int line, String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw bad(file, line, "a whole number is due, got " + shortened(text));
    }
  }

  static float decimal(Path file, int line, String text) {
    try {
      float value = Float.parseFloat(text);
      if (Float.isFinite(value)) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw bad(file, line, "a number is due, got " + shortened(text));
  }

  /** The file that another one names, beside it. */
  static Path beside(Path file, String name) {
    try {
      return file.resolveSibling(name);
    } catch (InvalidPathException e) {
      throw new DataSetException.BadInput(
          file
              + " names "
              + shortened(name.replaceAll("\\p{Cntrl}", "?"))
              + ", which is no file's name");
    }
  }

  static DataSetException.BadInput bad(Path file, int line, String what) {
    return new DataSetException.BadInput(file + ", line " + line + ": " + what);
  }

  private static String shortened(String text) {
    return text.length() <= 40 ? "\"" + text + "\"" : "\"" + text.substring(0, 40) + "...\"";
  }
}
