package plinius.cli;

import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;

/** Gives a job new keys. */
@Command(
    name = "rekey",
    description = "Gives a job new keys: its data, its pool and its record; --help says more.")
final class RekeyCommand extends OtherProgram {
  @Override
  String module() {
    return "rekey";
  }

  @Override
  List<String> options(Path folder) {
    return List.of("--add-exports=plinius.enclave/plinius.enclave.mirror=plinius.rekey");
  }
}
