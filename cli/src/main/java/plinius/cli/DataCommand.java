package plinius.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import plinius.dataset.ByteSource;
import plinius.dataset.DataSetInfo;
import plinius.dataset.SampleKind;
import plinius.dataset.SealedDataSet;
import plinius.ingest.DrawnScenes;
import plinius.ingest.Pictures;
import plinius.owner.OwnerKey;
import plinius.owner.SampleSource;
import plinius.owner.SealedDataSetWriter;
import plinius.owner.SealedFile;
import plinius.seal.SecretBytes;

/** The owner's data. */
@Command(
    name = "data",
    description = "The owner's data.",
    synopsisSubcommandLabel = "VERB",
    subcommands = {DataCommand.Seal.class, DataCommand.Info.class, DataCommand.DrawScenes.class})
final class DataCommand extends VerbGroup {

  /** From the files that people have to a sealed file. */
  @Command(
      name = "seal",
      description = {
        "Seals a data set: one authenticated record a sample, under a key of its own.",
        "The sealed file may go to machines that nobody trusts."
      })
  static final class Seal implements Callable<Integer> {
    @Mixin private OwnerKeyOptions owner;

    @Mixin private SampleFiles files;

    @Option(
        names = "--out",
        required = true,
        paramLabel = "F",
        description = "The sealed file to write.")
    private Path out;

    @Override
    public Integer call() {
      try (OwnerKey key = owner.load();
          SampleSource source = files.open()) {
        DataSetInfo info;
        try (ProgressLine progress = new ProgressLine("sealing " + out, source.count())) {
          info = SealedDataSetWriter.write(out, key, source, progress);
        } // The bar's line ends before another begins.
        Terminal.out().println("sealed " + describe(out, info));
        if (source instanceof Pictures pictures) {
          writeNames(pictures.names());
        }
      }
      return ExitCode.DONE.code();
    }

    /** For `plinius predict --names`: they are not in the sealed file. */
    private void writeNames(List<String> names) {
      Path file = out.resolveSibling(out.getFileName() + ".names");
      try {
        Files.write(file, names);
      } catch (IOException e) {
        throw new Refusal(ExitCode.MEDIUM, "cannot write " + file + ": " + Failures.why(e));
      }
      Terminal.out().println("the names of the classes, in plain: " + file);
    }
  }

  /** Something to try detectors on. */
  @Command(
      name = "draw-scenes",
      description = {
        "Draws pictures with discs, squares and triangles in them, and writes down where they are:",
        "something to try a detector on. `plinius data seal --scenes DIR/scenes.data` seals them."
      })
  static final class DrawScenes implements Callable<Integer> {
    @Parameters(paramLabel = "DIR", description = "The folder to write them into.")
    private Path folder;

    @Option(
        names = "--count",
        paramLabel = "N",
        defaultValue = "50",
        description = "How many (default: ${DEFAULT-VALUE}).")
    private int count;

    @Option(
        names = "--side",
        paramLabel = "N",
        defaultValue = "64",
        description = "Pixels of a side (default: ${DEFAULT-VALUE}).")
    private int side;

    @Option(
        names = "--seed",
        paramLabel = "N",
        defaultValue = "1",
        description = "Another seed draws other scenes (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Override
    public Integer call() {
      Path data = new DrawnScenes(side, seed).write(folder, count);
      Terminal.out().println("drew " + count + " scenes of " + DrawnScenes.NAMES + ": " + data);
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

    @ArgGroup(exclusive = false)
    private OwnerKeyOptions key;

    @Override
    public Integer call() {
      DataSetInfo info = SealedFiles.info(file);
      Terminal.out().println(describe(file, info));
      if (key == null) {
        Terminal.out().println("not authenticated: --key does that");
      } else {
        try (OwnerKey owner = key.load()) {
          authenticate(owner);
        }
        Terminal.out().println("authentic: the description and all records");
      }
      return ExitCode.DONE.code();
    }

    private void authenticate(OwnerKey owner) {
      DataSetInfo info = SealedFiles.infoForOwner(file, key.file(), owner.id());
      try (SecretBytes recordKey = owner.recordKey(info.id());
          SecretBytes manifestKey = owner.manifestKey(info.id());
          ByteSource source = SealedFile.open(file);
          SealedDataSet set = SealedDataSet.open(file.toString(), source, recordKey, manifestKey);
          ProgressLine progress = new ProgressLine("authenticating", info.records())) {
        byte[] values = new byte[info.kind().valueBytes()];
        for (long i = 0; i < info.records(); i++) {
          set.read(i, values);
          progress.accept(i + 1);
        }
      }
    }
  }

  private static String describe(Path file, DataSetInfo info) {
    return file
        + ": data set "
        + info.id()
        + ", "
        + info.records()
        + " records of "
        + describe(info.kind())
        + ", sealed under the key with id "
        + info.ownerKeyId();
  }

  private static String describe(SampleKind kind) {
    String image = kind.height() + " x " + kind.width() + " x " + kind.channels() + " bytes";
    return switch (kind.data()) {
      case IMAGES -> image + " and a label of " + kind.classes();
      case SCENES ->
          image + " and at most " + kind.slots() + " boxes of " + kind.classes() + " classes";
      case TEXT -> kind.width() + " characters of a text";
      case VECTORS -> kind.channels() + " numbers and a label of " + kind.classes();
      case REGRESSION -> kind.channels() + " numbers and " + kind.slots() + " targets";
    };
  }
}
