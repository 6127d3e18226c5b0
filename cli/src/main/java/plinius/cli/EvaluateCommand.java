package plinius.cli;

import picocli.CommandLine.Command;

/** Runs the paper's experiments and further ones. */
@Command(
    name = "evaluate",
    description = "Runs the paper's experiments and further ones, and writes a report.")
final class EvaluateCommand extends OtherProgram {
  @Override
  String module() {
    return "evaluation";
  }
}
