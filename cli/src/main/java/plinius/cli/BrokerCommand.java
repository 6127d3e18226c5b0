package plinius.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import plinius.attestation.kbs.FreshnessMode;
import plinius.broker.Job;

/** Releases keys until it is stopped. */
@Command(
    name = "broker",
    subcommands = RewindCommand.class,
    description = {
      "Releases keys to attested enclaves, on 127.0.0.1, until it is stopped. With --cfg and",
      "--data it first adds a job, whose id `plinius train --broker` takes as --job."
    })
final class BrokerCommand implements Callable<Integer> {
  @Mixin private OwnerKeyOptions key;

  OwnerKeyOptions key() {
    return key;
  }

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "0",
      description = "The port (default: any that is free).")
  private int port;

  @ArgGroup(exclusive = false)
  private NewJob newJob;

  /** A job to add. */
  private static final class NewJob {
    @Option(names = "--cfg", required = true, paramLabel = "CFG", description = "Its network.")
    private Path cfg;

    @Option(names = "--lenient", description = "Read it as the original Darknet does.")
    private boolean lenient;

    @Option(names = "--data", required = true, paramLabel = "F", description = "Its sealed data.")
    private Path data;

    @Option(names = "--valid", paramLabel = "F", description = "Its sealed validation data.")
    private Path valid;

    @Option(names = "--job", paramLabel = "NAME", description = "A name for it.")
    private String name;

    @Option(
        names = "--freshness",
        paramLabel = "MODE",
        converter = Choices.FreshnessConverter.class,
        description = {
          "How far its pool may be ahead of the broker's record: strict, window:N (2 to 64"
              + " mirrors),",
          "or offline, which notices no older pool (default: window:32)."
        })
    private FreshnessMode freshness;

    @Option(names = "--seed", paramLabel = "N", description = "Its seed (default: 1).")
    private Long seed;

    @Option(
        names = "--set",
        paramLabel = "K=V",
        description = "Another value for a key of section [net].")
    private Map<String, String> settings = new LinkedHashMap<>();
  }

  @Override
  public Integer call() throws InterruptedException {
    if (port < 0 || port > 65535) {
      throw new Refusal(ExitCode.USAGE, "--port takes 0 to 65535, got " + port);
    }
    try (Owner owner = Owner.start(Installation.current(), key.file(), key.passphrase(), port)) {
      if (newJob != null) {
        List<Path> data = new ArrayList<>(List.of(newJob.data));
        Optional.ofNullable(newJob.valid).ifPresent(data::add);
        Job job =
            owner.addJob(
                Optional.ofNullable(newJob.name),
                newJob.lenient ? CfgOptions.translated(newJob.cfg) : newJob.cfg,
                newJob.settings,
                newJob.seed == null ? Owner.DEFAULT_SEED : newJob.seed,
                data,
                newJob.freshness == null ? FreshnessMode.DEFAULT : newJob.freshness);
        Terminal.out().println("job     " + job.id());
      }
      Terminal.out().println("broker  " + owner.broker().url());
      Terminal.out().println("pin     " + owner.broker().pin());
      Terminal.out().flush();
      // A signal ends the process; the log is durable line by line, so there is nothing to finish.
      new CountDownLatch(1).await();
    }
    return ExitCode.DONE.code();
  }
}
