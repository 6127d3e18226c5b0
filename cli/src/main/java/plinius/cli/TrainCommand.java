package plinius.cli;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import plinius.attestation.kbs.FreshnessMode;
import plinius.boundary.HostMessage.Mode;

/** Trains, or goes on training, in an enclave. */
@Command(
    name = "train",
    description = {
      "Trains a network in an enclave and mirrors it into persistent memory after every",
      "iteration. On an existing pool it goes on by itself, with the next iteration."
    })
final class TrainCommand implements Callable<Integer>, JsonErrors {
  @Mixin private RunOptions run;

  /** Of the owner: then the broker runs in this process. */
  @ArgGroup(multiplicity = "1")
  private KeySource source;

  @Option(
      names = "--job",
      paramLabel = "NAME",
      converter = Choices.JobNameConverter.class,
      description = "A name for the job in the broker's record; with --broker the job's id.")
  private String job;

  @Option(names = "--fresh", description = "Keep the old pool under another name and start anew.")
  private boolean fresh;

  @Option(names = "--yes", description = "Do not ask.")
  private boolean yes;

  @Option(
      names = "--mirror-every",
      paramLabel = "N",
      defaultValue = "1",
      description = "Iterations from one mirror to the next (default: ${DEFAULT-VALUE}).")
  private int mirrorEvery;

  @Option(
      names = "--iterations",
      paramLabel = "N",
      defaultValue = "0",
      description = "Stop after N iterations in all; the learning rate's schedule is unchanged.")
  private int iterations;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of a new job: initial weights and order of samples (default: 1).")
  private Long seed;

  @Option(
      names = "--pool-size",
      paramLabel = "B",
      defaultValue = "0",
      converter = ByteSize.Converter.class,
      description = "Bytes of a new pool, with K, M or G (default: what the network needs).")
  private ByteSize poolSize;

  @Option(
      names = "--memory",
      paramLabel = "B",
      converter = ByteSize.Converter.class,
      description = {
        "Bytes, with K, M or G, that the network may take; one that plans more is refused before",
        "anything starts. `plinius net` shows the plan; the virtual machine's own memory is extra."
      })
  private ByteSize memory;

  @Option(
      names = "--write-back",
      paramLabel = "HOW",
      defaultValue = "auto",
      converter = Choices.WriteBackConverter.class,
      description = "auto, clwb, clflushopt, clflush or msync (default: ${DEFAULT-VALUE}).")
  private plinius.boundary.HostMessage.WriteBack writeBack;

  @Option(
      names = "--protocol",
      paramLabel = "P",
      defaultValue = "ping-pong",
      converter = Choices.ProtocolConverter.class,
      description = "Transactions of a new pool: ping-pong (default) or romulus.")
  private plinius.boundary.HostMessage.Protocol protocol;

  @Option(
      names = "--freshness",
      paramLabel = "MODE",
      converter = Choices.FreshnessConverter.class,
      description = {
        "How far a new job's pool may be ahead of the broker's record: strict, window:N (2 to 64"
            + " mirrors),",
        "or offline, which notices no older pool; offline+cache also lets a run restart without"
            + " the",
        "broker, with keys sealed to the platform (default: window:32)."
      })
  private FreshnessMode freshness;

  @Option(
      names = "--replan",
      description = {
        "Let the model go on with this version's kernels if another version's computed it. It is",
        "the owner's word, is kept in the broker's log, and ends exactness: from there on the bits",
        "are no longer those of an undisturbed run."
      })
  private boolean replan;

  @Option(names = "--valid", paramLabel = "F", description = "A sealed data set to validate on.")
  private Path valid;

  @Option(
      names = "--valid-every",
      paramLabel = "N",
      defaultValue = "0",
      description = "Iterations from one validation to the next (default: after the last only).")
  private int validEvery;

  @Override
  public boolean wantsJson() {
    return run.json();
  }

  @Override
  public Integer call() {
    if (fresh && (job != null || source.broker != null)) {
      throw new Refusal(
          ExitCode.USAGE,
          "--fresh starts a new job, so it goes with neither --job nor --broker: "
              + "leave --fresh out, or train in another --pm");
    }
    if ((freshness != null || seed != null) && source.broker != null) {
      throw new Refusal(
          ExitCode.USAGE,
          "--freshness and --seed are the owner's choice, made where the job is added, so they do"
              + " not go with --broker: leave them out");
    }
    if (replan && source.broker != null) {
      throw new Refusal(
          ExitCode.USAGE,
          "--replan is the owner's choice, made where the broker's record lies, so it does not go"
              + " with --broker: leave it out, and have the owner say `plinius broker replan`");
    }
    if (replan && fresh) {
      throw new Refusal(
          ExitCode.USAGE,
          "--fresh begins with this version's kernels, so --replan has nothing to say: leave one"
              + " of them out");
    }
    if (validEvery != 0 && valid == null) {
      throw new Refusal(
          ExitCode.USAGE, "--valid-every needs data to validate on: name them with --valid");
    }
    if (memory != null) {
      run.refuseMoreMemoryThan(memory.bytes());
    }
    Installation installation = Installation.current();
    RunRequest request =
        run.request(Mode.TRAIN)
            .withTraining(
                new RunRequest.Training(
                    Optional.ofNullable(job),
                    Optional.ofNullable(valid),
                    validEvery,
                    mirrorEvery,
                    iterations,
                    seed == null ? OptionalLong.empty() : OptionalLong.of(seed),
                    poolSize.bytes(),
                    writeBack,
                    protocol,
                    Optional.ofNullable(freshness),
                    fresh,
                    replan));
    if (fresh) {
      confirmFresh(request);
    }
    if (source.broker != null) {
      return HostProcess.run(
          installation,
          RemoteOwner.prepare(installation, request, source.broker.url(), source.broker.pin()));
    }
    try (Owner owner =
        Owner.start(installation, source.owner.file(), source.owner.passphrase(), 0)) {
      return HostProcess.run(installation, owner.prepare(request));
    }
  }

  private void confirmFresh(RunRequest request) {
    if (yes || UnlockedPool.infoIn(request.pm()).isEmpty()) {
      return;
    }
    String answer =
        Terminal.ask("Start anew in " + request.pm() + "? The old pool stays, renamed. Type yes: ")
            .orElseThrow(
                () ->
                    new Refusal(
                        ExitCode.USAGE,
                        "--fresh asks before it puts the pool in "
                            + request.pm()
                            + " aside, and nobody is there to answer: add --yes"));
    if (!answer.trim().equals("yes")) {
      throw new Refusal(ExitCode.USAGE, "nothing was changed");
    }
  }
}
