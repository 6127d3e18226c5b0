package plinius.benchmarks.sps;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import plinius.cli.Terminal;
import plinius.pmem.WriteBack;

/** PMDK's library, through a driver that is built when it is needed. */
final class LibPmemObj {
  private static final String SOURCE = "libpmemobj.cpp";

  private LibPmemObj() {}

  /** The driver; empty, and said by name, where compiler or library are missing. */
  static Optional<Path> build(Path folder) {
    Path program = folder.resolve("sps-libpmemobj");
    try (InputStream source = LibPmemObj.class.getResourceAsStream(SOURCE)) {
      Path file = folder.resolve(SOURCE);
      Files.copy(source, file);
      Process compiler =
          new ProcessBuilder(
                  List.of(
                      "g++",
                      "-std=c++17",
                      "-O3",
                      "-march=native",
                      file.toString(),
                      "-o",
                      program.toString(),
                      "-lpmemobj",
                      "-lpthread"))
              .redirectErrorStream(true)
              .start();
      String said =
          new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (compiler.waitFor() == 0) {
        return Optional.of(program);
      }
      Terminal.notice(
          "libpmemobj is skipped, its driver does not compile (Debian: libpmemobj-dev): "
              + said.lines().findFirst().orElse("the compiler says nothing"));
    } catch (IOException noCompiler) {
      Terminal.notice("libpmemobj is skipped: there is no g++ (Debian: g++, libpmemobj-dev)");
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted while building", e);
    }
    return Optional.empty();
  }

  static Contender start(Path program, WriteBack writeBack, Path pool) {
    // Nothing that PMDK takes for persistent memory is there; its own choice is the first that it
    // may use.
    Map<String, String> environment =
        switch (writeBack) {
          case CLWB -> Map.of("PMEM_IS_PMEM_FORCE", "1");
          case CLFLUSHOPT -> Map.of("PMEM_IS_PMEM_FORCE", "1", "PMEM_NO_CLWB", "1");
          case CLFLUSH ->
              Map.of("PMEM_IS_PMEM_FORCE", "1", "PMEM_NO_CLWB", "1", "PMEM_NO_CLFLUSHOPT", "1");
          case AUTO, UNSAFE, MSYNC ->
              throw new IllegalArgumentException(writeBack + " is no instruction");
        };
    try {
      Files.deleteIfExists(pool);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Contender(
        "libpmemobj", writeBack, List.of(program.toString(), pool.toString()), environment);
  }
}
