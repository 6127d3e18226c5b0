package plinius.cli;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;
import plinius.owner.OwnerKey;

/** The owner's key on the command line. */
final class OwnerKeyOptions {
  @Option(names = "--key", required = true, paramLabel = "F", description = "The owner's key file.")
  private Path key;

  @Option(
      names = "--passphrase-file",
      paramLabel = "F",
      description = "A file whose first line is the key file's passphrase.")
  private Path passphraseFile;

  OwnerKey load() {
    return KeyFiles.load(key, passphrase());
  }

  Path file() {
    return key;
  }

  Optional<Path> passphrase() {
    return Optional.ofNullable(passphraseFile);
  }
}
