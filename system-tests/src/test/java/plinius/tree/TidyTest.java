package plinius.tree;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a reader may rely on in every source file, and what the exactness rules forbid. */
class TidyTest {

  private static final Path ROOT = Path.of(System.getProperty("plinius.root", "..")).normalize();

  @Test
  void kernels_use_no_operation_whose_bits_depend_on_the_compiler() {
    // reduceLanes(ADD | MUL) and transcendental lane operations give other bits interpreted than
    // compiled: a resumed, cold JVM would compute another model than the undisturbed, hot one.
    Pattern forbidden =
        Pattern.compile(
            "reduceLanes\\(\\s*(VectorOperators\\.)?(ADD|MUL)"
                + "|\\b(VectorOperators\\.|lanewise\\(\\s*)(EXP|EXPM1|LOG|LOG1P|LOG10|POW|CBRT|HYPOT"
                + "|SIN|COS|TAN|ASIN|ACOS|ATAN|ATAN2|SINH|COSH|TANH)\\b|(?<!Math)\\.pow\\("
                + "|\\bMath\\.(exp|expm1|log|log1p|log10|pow|cbrt|hypot"
                + "|sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh)\\(");

    assertThat(linesOf(source("simd", "kernel", "reference", "darknet"), forbidden)).isEmpty();
  }

  @Test
  void nothing_is_left_unfinished_by_its_own_words() {
    Pattern unfinished = Pattern.compile("TO" + "DO|FIX" + "ME|XX" + "X\\b|not " + "implemented");

    assertThat(linesOf(allSources(), unfinished)).isEmpty();
  }

  @Test
  void only_the_processes_that_people_see_print() {
    Pattern printing = Pattern.compile("System\\.(out|err)\\b|printStackTrace");
    List<Path> quiet =
        source(
            "seal",
            "dataset",
            "pmem",
            "romulus",
            "attestation",
            "verification",
            "broker",
            "boundary",
            "kernel",
            "reference",
            "simd",
            "darknet");

    assertThat(linesOf(quiet, printing)).isEmpty();
  }

  @Test
  void every_package_says_what_it_is_and_whether_it_is_trusted() {
    List<String> silent = new ArrayList<>();
    for (Path file : allSources()) {
      Path folder = file.getParent();
      boolean main = file.toString().contains("/src/main/");
      if (main
          && !file.endsWith("module-info.java")
          && !Files.exists(folder.resolve("package-info.java"))) {
        silent.add(ROOT.relativize(folder).toString());
      }
    }

    assertThat(silent).isEmpty();
  }

  @Test
  void every_module_has_its_sentence_in_the_architecture() throws IOException {
    String text = Files.readString(ROOT.resolve("docs/ARCHITECTURE.md"));
    List<String> missing = new ArrayList<>();
    try (Stream<Path> folders = Files.list(ROOT)) {
      folders
          .filter(folder -> Files.exists(folder.resolve("pom.xml")))
          .map(folder -> folder.getFileName().toString())
          .filter(name -> !text.contains("| " + name + " |"))
          .forEach(missing::add);
    }

    assertThat(missing).isEmpty();
  }

  private static List<String> linesOf(List<Path> files, Pattern pattern) {
    List<String> found = new ArrayList<>();
    for (Path file : files) {
      try {
        int number = 0;
        for (String line : Files.readAllLines(file)) {
          number++;
          if (pattern.matcher(line).find()) {
            found.add(ROOT.relativize(file) + ":" + number + ": " + line.strip());
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return found;
  }

  private static List<Path> source(String... modules) {
    List<Path> files = new ArrayList<>();
    for (String module : modules) {
      files.addAll(javaBelow(ROOT.resolve(module).resolve("src/main/java")));
    }
    assertThat(files).as("sources found below " + ROOT).isNotEmpty();
    return files;
  }

  private static List<Path> allSources() {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> folders = Files.list(ROOT)) {
      folders
          .filter(folder -> Files.exists(folder.resolve("pom.xml")))
          .forEach(folder -> files.addAll(javaBelow(folder.resolve("src"))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return files;
  }

  private static List<Path> javaBelow(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> walk = Files.walk(folder)) {
      return walk.filter(path -> path.toString().endsWith(".java")).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
