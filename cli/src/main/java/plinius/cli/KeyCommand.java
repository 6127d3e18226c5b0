package plinius.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import plinius.owner.OwnerKey;

/** The owner's keys. */
@Command(
    name = "key",
    description = "The owner's keys.",
    synopsisSubcommandLabel = "VERB",
    subcommands = KeyCommand.New.class)
final class KeyCommand extends VerbGroup {

  /** A new key in a new file. */
  @Command(
      name = "new",
      description = {
        "Makes a new owner's key, in a file that only its owner can read.",
        "Everything is sealed under it: keep a copy in a safe place; nobody can restore it."
      })
  static final class New implements Callable<Integer> {

    @Parameters(paramLabel = "FILE", description = "The file to make; it must not exist.")
    private Path file;

    @Option(
        names = "--passphrase-file",
        paramLabel = "F",
        description = "Seal the key with the passphrase on the first line of this file.")
    private Path passphraseFile;

    @Override
    public Integer call() {
      Optional<char[]> passphrase =
          Optional.ofNullable(passphraseFile).map(KeyFiles::readPassphrase);
      try (OwnerKey key = OwnerKey.generate()) {
        key.save(file, passphrase);
        Terminal.out()
            .println(
                "made "
                    + file
                    + (passphrase.isPresent() ? ", sealed with the passphrase" : "")
                    + ": key id "
                    + key.id());
      } finally {
        passphrase.ifPresent(word -> Arrays.fill(word, '\0'));
      }
      return ExitCode.DONE.code();
    }
  }
}
