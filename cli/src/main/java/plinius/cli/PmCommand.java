package plinius.cli;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
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
  static final class Info extends PmTools.Verb {
    @Override
    void run(Path file, Map<String, Object> fields) {
      PmTools.requirePool(file);
      PoolInfo info = UnlockedPool.info(file);
      fields.put("formatVersion", info.formatVersion());
      fields.put("protocol", info.protocol().option());
      fields.put("keyId", info.identity().keyId());
      fields.put("job", info.identity().jobId());
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
      if (Files.isDirectory(where())) {
        fields.put("data", loadedData(where()));
      }
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
