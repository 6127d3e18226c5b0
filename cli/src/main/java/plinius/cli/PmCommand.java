package plinius.cli;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import plinius.dataset.DataSetInfo;
import plinius.romulus.PoolInfo;

/** What lies on persistent memory. */
@Command(
    name = "pm",
    description = "What lies on persistent memory.",
    synopsisSubcommandLabel = "VERB",
    subcommands = {
      PmCommand.Info.class,
      PmTools.Create.class,
      PmTools.Verify.class,
      PmTools.Dump.class,
      PmTools.Grow.class,
      PmTools.Recover.class
    })
final class PmCommand extends VerbGroup {

  /** The plain part of a pool. */
  @Command(
      name = "info",
      description = {
        "Prints what the pool says of itself in plain; needs no key, writes nothing.",
        "Nothing of it is authenticated: only `train` and `test` do that."
      })
  static final class Info implements Callable<Integer>, JsonErrors {

    @Parameters(paramLabel = "DIR|FILE", description = "A folder given as --pm, or a pool.")
    private Path where;

    @Option(names = "--json", description = "One JSON object on standard output.")
    private boolean json;

    @Override
    public boolean wantsJson() {
      return json;
    }

    @Override
    public Integer call() {
      boolean isFolder = Files.isDirectory(where);
      Path file = isFolder ? where.resolve(PoolFile.NAME) : where;
      PmTools.requirePool(file);
      Map<String, Object> fields = describe(file, PoolFile.inspect(file));
      if (isFolder) {
        fields.put("data", loadedData(where));
      }
      if (json) {
        JsonLines.write(fields);
      } else {
        fields.forEach((name, value) -> Terminal.out().printf("%-18s %s%n", name, value));
      }
      return ExitCode.DONE.code();
    }

    private static Map<String, Object> describe(Path file, PoolInfo info) {
      HexFormat hex = HexFormat.of();
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("pool", file.toString());
      fields.put("formatVersion", info.formatVersion());
      fields.put("protocol", info.protocol().option());
      fields.put("keyId", hex.formatHex(info.identity().keyId()));
      fields.put("job", hex.formatHex(info.identity().jobId()));
      fields.put("sequence", info.sequence());
      fields.put("committedTwin", info.committedTwin());
      fields.put("poolBytes", info.poolBytes());
      fields.put("twinBytes", info.twinBytes());
      fields.put("heapUsedBytes", info.heapUsedBytes());
      fields.put("heapFreeBytes", info.heapFreeBytes());
      fields.put("extentAreaBytes", info.extentAreaBytes());
      fields.put("extentUsedBytes", info.extentUsedBytes());
      fields.put("extentCount", info.extentCount());
      PmTools.putMedium(fields, info.medium());
      return fields;
    }

    private static List<String> loadedData(Path folder) {
      List<String> found = new ArrayList<>();
      try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "data-*.pm")) {
        for (Path file : files) {
          DataSetInfo info = SealedFiles.info(file);
          found.add(file.getFileName() + " (" + info.records() + " records)");
        }
      } catch (IOException e) {
        throw new Refusal(ExitCode.BAD_INPUT, "cannot list " + folder + ": " + Failures.why(e));
      }
      found.sort(null);
      return found;
    }
  }
}
