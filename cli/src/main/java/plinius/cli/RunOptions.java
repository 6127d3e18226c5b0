package plinius.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;
import plinius.boundary.HostMessage.Mode;

/** What the verbs that look at a sealed data set have in common. */
final class RunOptions extends ModelOptions {
  @Option(
      names = "--data",
      required = true,
      paramLabel = "F",
      description = "A sealed data set; `plinius data seal` makes one.")
  private Path data;

  RunRequest request(Mode mode) {
    return request(mode, data);
  }
}
