package plinius.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;
import plinius.ingest.CifarSource;
import plinius.ingest.CsvSource;
import plinius.ingest.IdxSource;
import plinius.ingest.Pictures;
import plinius.ingest.TextSource;
import plinius.owner.SampleSource;

/** What to seal: one kind of files, and how to read them. */
final class SampleFiles {
  @ArgGroup(multiplicity = "1")
  private Files files;

  @Option(
      names = "--size",
      paramLabel = "HxW",
      description = "Height and width to which pictures are brought, such as 224x224.")
  private String size;

  @Option(names = "--grey", description = "Pictures as grey values (default: in colour).")
  private boolean grey;

  @Option(
      names = "--valid-list",
      description = "The pictures of the .data file's valid list (default: of its train list).")
  private boolean validList;

  @Option(
      names = "--classes",
      paramLabel = "N",
      description = "How many classes there are (default: as many as the labels show).")
  private Integer classes;

  /** One of these. */
  private static final class Files {
    @ArgGroup(exclusive = false)
    private Idx idx;

    @Option(
        names = "--cifar10",
        paramLabel = "F",
        description = "A file of CIFAR-10's binary version; may be given several times.")
    private List<Path> cifar10;

    @Option(
        names = "--cifar100",
        paramLabel = "F",
        description = "A file of CIFAR-100's binary version; its fine labels count.")
    private List<Path> cifar100;

    @Option(
        names = "--folder",
        paramLabel = "DIR",
        description = "A folder that holds a folder of PNG or JPEG files for each class.")
    private Path folder;

    @Option(
        names = "--list",
        paramLabel = "F.data",
        description = "Darknet's .data file: a list of pictures, whose paths hold their class.")
    private Path list;

    @Option(
        names = "--scenes",
        paramLabel = "F.data",
        description = "Darknet's .data file: pictures with boxes in texts beside them.")
    private Path scenes;

    @ArgGroup(exclusive = false)
    private Table table;

    @Option(names = "--text", paramLabel = "F", description = "A text; its bytes are characters.")
    private Path text;
  }

  /** Images and labels. */
  private static final class Idx {
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
  }

  /** A table of numbers. */
  private static final class Table {
    @Option(
        names = "--csv",
        required = true,
        paramLabel = "F",
        description = "A table of numbers, comma separated, a vector each line.")
    private Path csv;

    @Option(
        names = "--class-column",
        paramLabel = "N",
        description = "The column that holds the class, from 0.")
    private Integer classColumn;

    @Option(
        names = "--targets",
        paramLabel = "N",
        description = "The last N columns are to be predicted from the others.")
    private Integer targets;
  }

  /** Opens them; close the source. */
  SampleSource open() {
    boolean pictures = Stream.of(files.folder, files.list, files.scenes).anyMatch(f -> f != null);
    boolean noLists = files.list == null && files.scenes == null;
    if ((!pictures && (size != null || grey)) || (validList && noLists)) {
      throw new Refusal(
          ExitCode.USAGE,
          "--size and --grey go with --folder, --list and --scenes;"
              + " --valid-list with the last two");
    }
    if (classes != null && (classes < 1 || (files.idx == null && files.table == null))) {
      throw new Refusal(
          ExitCode.USAGE, "--classes takes 1 or more, and goes with --images and --csv");
    }
    Pictures.Split split = validList ? Pictures.Split.VALID : Pictures.Split.TRAIN;
    if (files.cifar10 != null) {
      return CifarSource.ten(files.cifar10);
    }
    if (files.cifar100 != null) {
      return CifarSource.hundred(files.cifar100);
    }
    if (files.folder != null) {
      return Pictures.ofFolder(files.folder, size());
    }
    if (files.list != null) {
      return Pictures.ofClasses(files.list, split, size());
    }
    if (files.scenes != null) {
      return Pictures.ofScenes(files.scenes, split, size());
    }
    if (files.text != null) {
      return TextSource.open(files.text);
    }
    return files.table != null
        ? table(files.table)
        : IdxSource.open(
            files.idx.images,
            files.idx.labels,
            classes == null ? OptionalInt.empty() : OptionalInt.of(classes));
  }

  private SampleSource table(Table table) {
    if ((table.classColumn == null) == (table.targets == null)) {
      throw new Refusal(ExitCode.USAGE, "--csv needs either --class-column or --targets");
    }
    if (classes != null && table.targets != null) {
      throw new Refusal(ExitCode.USAGE, "--classes goes with --class-column: targets have none");
    }
    return table.targets == null
        ? CsvSource.classes(table.csv, table.classColumn, classes == null ? 0 : classes)
        : CsvSource.targets(table.csv, table.targets);
  }

  private Pictures.Size size() {
    if (size == null || !size.matches("[1-9][0-9]{0,4}x[1-9][0-9]{0,4}")) {
      throw new Refusal(
          ExitCode.USAGE,
          "pictures need --size HxW, such as 224x224" + (size == null ? "" : ", got " + size));
    }
    int by = size.indexOf('x');
    return new Pictures.Size(
        Integer.parseInt(size.substring(0, by)),
        Integer.parseInt(size.substring(by + 1)),
        grey ? 1 : 3);
  }
}
