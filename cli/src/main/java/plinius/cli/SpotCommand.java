package plinius.cli;

import picocli.CommandLine.Command;

/** Trains under the trace of a spot instance. */
@Command(
    name = "spot",
    description = "Trains, with real processes that are killed, as a trace of spot instances says.")
final class SpotCommand extends OtherProgram {
  @Override
  String module() {
    return "evaluation";
  }
}
