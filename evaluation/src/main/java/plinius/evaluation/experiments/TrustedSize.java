package plinius.evaluation.experiments;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import plinius.evaluation.Claim;
import plinius.evaluation.Experiment;
import plinius.evaluation.Figure;
import plinius.evaluation.Findings;
import plinius.evaluation.Laboratory;
import plinius.evaluation.Table;

/** How much code must be trusted. */
final class TrustedSize implements Experiment {
  private static final int PAPER_TRUSTED = 15_900;
  private static final int PAPER_ALL = 28_450;

  @Override
  public String name() {
    return "size";
  }

  @Override
  public String title() {
    return "Size of the trusted part";
  }

  @Override
  public String paper() {
    return "28,450 lines in all, 15,900 of them trusted, against over 2.5 million for TensorFlow in"
        + " SCONE.";
  }

  @Override
  public Duration estimate(Laboratory.Effort effort) {
    return Duration.ofSeconds(5);
  }

  @Override
  public Findings run(Laboratory laboratory) {
    Path root = laboratory.product().root();
    List<String> trusted = trustedModules(laboratory.product().image());
    Table.Rows rows = Table.of("modules", "module", "part", "lines");
    long inside = 0;
    long outside = 0;
    for (String module : modules(root)) {
      long lines = linesOfCode(root.resolve(module).resolve("src/main/java"));
      boolean trusts = trusted.contains("plinius." + module);
      rows.add(module, trusts ? "trusted" : "outside", lines);
      if (trusts) {
        inside += lines;
      } else {
        outside += lines;
      }
    }
    double image = bytes(laboratory.product().image()) / 1e6;
    return new Findings.Builder()
        .table(rows.done())
        .figure(
            Figure.of(
                    "Lines of code, module by module",
                    "modules",
                    Figure.Kind.BARS,
                    "part",
                    Figure.Axis.linear("part"),
                    "lines",
                    Figure.Axis.linear("lines of code"))
                .by("module"))
        .claim(
            Claim.atMost(
                PAPER_TRUSTED,
                "Lines of trusted code of our own",
                (double) inside,
                "lines",
                "15,900"))
        .claim(
            Claim.of(
                "Lines of code in all, without tests",
                (double) (inside + outside),
                "lines",
                "28,450"))
        .claim(Claim.of("The enclave's image with the JDK in it", image, "MB", ""))
        .note(
            "Counted are lines that are neither blank nor a comment alone, without tests. The"
                + " paper's "
                + String.format(java.util.Locale.ROOT, "%,d and %,d", PAPER_ALL, PAPER_TRUSTED)
                + " are C and C++. The JDK's own modules in the image are trusted too and not"
                + " counted, as the paper does not count the SGX SDK.")
        .build();
  }

  /** What the image holds of ours. */
  private static List<String> trustedModules(Path image) {
    try {
      Process list =
          new ProcessBuilder(image.resolve("bin/java").toString(), "--list-modules").start();
      try (Stream<String> lines = list.inputReader().lines()) {
        return lines
            .map(line -> line.replaceAll("@.*", "").strip())
            .filter(name -> name.startsWith("plinius."))
            .toList();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Folders with code of their own, and those within them: benchmarks, and benchmarks/peers. */
  static List<String> modules(Path root) {
    try (Stream<Path> folders = Files.walk(root, 2)) {
      return folders
          .filter(folder -> Files.isDirectory(folder.resolve("src/main/java")))
          .map(folder -> root.relativize(folder).toString())
          .filter(name -> !name.isEmpty() && !name.startsWith("."))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lines below a folder that are neither blank nor only a comment. */
  static long linesOfCode(Path sources) {
    try (Stream<Path> files = Files.walk(sources)) {
      long lines = 0;
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        lines +=
            Files.readAllLines(file).stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .filter(line -> !line.startsWith("//"))
                .filter(line -> !line.startsWith("/*") && !line.startsWith("*"))
                .count();
      }
      return lines;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long bytes(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
