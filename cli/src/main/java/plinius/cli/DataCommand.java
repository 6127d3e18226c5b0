package plinius.cli;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import plinius.dataset.ByteSource;
import plinius.dataset.DataSetInfo;
import plinius.dataset.IdxSource;
import plinius.dataset.SealedDataSet;
import plinius.dataset.SealedDataSetWriter;
import plinius.seal.OwnerKey;
import plinius.seal.SecretBytes;

/** The owner's data. */
@Command(
    name = "data",
    description = "The owner's data.",
    synopsisSubcommandLabel = "VERB",
    subcommands = {DataCommand.Seal.class, DataCommand.Info.class})
final class DataCommand extends VerbGroup {

  /** From IDX files to a sealed file. */
  @Command(
      name = "seal",
      description = {
        "Seals a data set: one authenticated record a sample, under a key of its own.",
        "The sealed file may go to machines that nobody trusts."
      })
  static final class Seal implements Callable<Integer> {
    @Mixin private OwnerKeyOptions owner;

    @Option(
        names = "--images",
        required = true,
        paramLabel = "F",
        description = "An IDX file of images, plain or gzipped.")
    private Path images;

    @Option(
        names = "--labels",
        required = true,
        paramLabel = "F",
        description = "The IDX file of their labels, plain or gzipped.")
    private Path labels;

    @Option(
        names = "--out",
        required = true,
        paramLabel = "F",
        description = "The sealed file to write.")
    private Path out;

    @Override
    public Integer call() {
      try (OwnerKey key = owner.load()) {
        Terminal.out().println("sealed " + describe(out, seal(key, images, labels, out)));
      }
      return ExitCode.DONE.code();
    }
  }

  /** What a sealed file holds. */
  @Command(
      name = "info",
      description = {
        "Prints what a sealed file says of itself in plain.",
        "With the key it authenticates the description and every record."
      })
  static final class Info implements Callable<Integer> {

    @Parameters(paramLabel = "FILE", description = "A sealed file.")
    private Path file;

    @Option(names = "--key", paramLabel = "F", description = "The owner's key file.")
    private Path key;

    @Option(
        names = "--passphrase-file",
        paramLabel = "F",
        description = "A file whose first line is the key file's passphrase.")
    private Path passphraseFile;

    @Override
    public Integer call() {
      DataSetInfo info = SealedFiles.info(file);
      Terminal.out().println(describe(file, info));
      if (key == null) {
        Terminal.out().println("not authenticated: --key does that");
      } else {
        try (OwnerKey owner = KeyFiles.load(key, Optional.ofNullable(passphraseFile))) {
          authenticate(owner);
        }
        Terminal.out().println("authentic: the description and all records");
      }
      return ExitCode.DONE.code();
    }

    private void authenticate(OwnerKey owner) {
      DataSetInfo info = SealedFiles.infoForOwner(file, key, owner.id());
      try (SecretBytes recordKey = owner.recordKey(info.id());
          SecretBytes manifestKey = owner.manifestKey(info.id());
          ByteSource source = ByteSource.ofFile(file);
          SealedDataSet set = SealedDataSet.open(file.toString(), source, recordKey, manifestKey);
          ProgressLine progress = new ProgressLine("authenticating", info.records())) {
        byte[] pixels = new byte[info.kind().pixelBytes()];
        for (long i = 0; i < info.records(); i++) {
          set.read(i, pixels);
          progress.accept(i + 1);
        }
      }
    }
  }

  /** Seals a pair of IDX files, with a bar where somebody watches. */
  static DataSetInfo seal(OwnerKey key, Path images, Path labels, Path out) {
    try (IdxSource source = IdxSource.open(images, labels);
        ProgressLine progress = new ProgressLine("sealing " + out, source.count())) {
      return SealedDataSetWriter.write(out, key, source, progress);
    }
  }

  private static String describe(Path file, DataSetInfo info) {
    return file
        + ": data set "
        + info.id()
        + ", "
        + info.records()
        + " records of "
        + info.kind().height()
        + " x "
        + info.kind().width()
        + " x "
        + info.kind().channels()
        + " bytes and a label of "
        + info.kind().classes()
        + ", sealed under the key with id "
        + info.ownerKeyId();
  }
}
