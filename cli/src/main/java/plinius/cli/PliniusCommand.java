package plinius.cli;

import picocli.CommandLine.Command;

/** The command without a verb: it asks for one. */
@Command(
    name = "plinius",
    description = "Trains neural networks on confidential data, on machines that may vanish.",
    synopsisSubcommandLabel = "VERB",
    subcommands = {
      DemoCommand.class,
      KeyCommand.class,
      DataCommand.class,
      TrainCommand.class,
      TestCommand.class,
      PredictCommand.class,
      DetectCommand.class,
      GenerateCommand.class,
      NetCommand.class,
      WeightsCommand.class,
      PmCommand.class,
      BrokerCommand.class,
      StatusCommand.class,
      RekeyCommand.class,
      VerifyCommand.class,
      AttestCommand.class,
      MeasureCommand.class,
      EvaluateCommand.class,
      SpotCommand.class,
      BenchCommand.class,
    })
final class PliniusCommand extends VerbGroup {}
