package plinius.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import plinius.romulus.Pool;
import plinius.romulus.PoolException;
import plinius.romulus.PoolInfo;

/** The pool in a folder on persistent memory, as everybody may see it. Never writes. */
final class PoolFile {
  /** The pool's name in its folder. */
  static final String NAME = "model.pm";

  private PoolFile() {}

  /** The plain part of the pool in a folder; empty where there is none, or none was finished. */
  static Optional<PoolInfo> in(Path folder) {
    Path file = folder.resolve(NAME);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(read(file));
    } catch (PoolException.NotFormatted e) {
      // A run that died before it had formatted the pool: the next one starts over.
      return Optional.empty();
    } catch (PoolException e) {
      throw refusal(file, e);
    }
  }

  /** The plain part of a pool. */
  static PoolInfo inspect(Path file) {
    try {
      return read(file);
    } catch (PoolException e) {
      throw refusal(file, e);
    }
  }

  private static PoolInfo read(Path file) {
    return UnlockedPool.read(file, memory -> Pool.open(memory).info());
  }

  /** A pool does not know its file's name. */
  private static Refusal refusal(Path file, PoolException why) {
    return new Refusal(Failures.code(why), file + ": " + why.getMessage());
  }
}
