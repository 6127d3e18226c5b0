package plinius.cli;

import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import plinius.broker.Broker;
import plinius.broker.Job;
import plinius.seal.Id128;

/** The owner's word that a job shall go on from an earlier mirror. */
@Command(
    name = "rewind",
    description = {
      "Lets a job go on from an earlier mirror, because its pool was restored from a copy:",
      "plinius broker --key F rewind --job NAME --mirror N. A run under way is fenced."
    })
final class RewindCommand implements Callable<Integer> {
  @ParentCommand private BrokerCommand broker;

  @Option(
      names = "--job",
      required = true,
      paramLabel = "NAME",
      description = "The job's name, or its id.")
  private String job;

  @Option(
      names = "--mirror",
      required = true,
      paramLabel = "N",
      description = "The sequence of a mirror that the broker was told of.")
  private long mirror;

  @Override
  public Integer call() {
    try (Owner owner =
        Owner.start(Installation.current(), broker.key().file(), broker.key().passphrase(), 0)) {
      Job rewound = owner.broker().rewind(find(owner.broker()).id(), mirror);
      Terminal.out()
          .println(
              "job "
                  + rewound.id()
                  + " goes on from mirror "
                  + rewound.newest().orElseThrow().sequence()
                  + "; runs before epoch "
                  + (rewound.epoch() + 1)
                  + " are fenced");
    }
    return ExitCode.DONE.code();
  }

  private Job find(Broker records) {
    return records
        .jobByName(job)
        .or(() -> job.matches("[0-9a-f]{32}") ? records.job(Id128.parse(job)) : Optional.empty())
        .orElseThrow(() -> new Refusal(ExitCode.BAD_INPUT, "there is no job " + job));
  }
}
