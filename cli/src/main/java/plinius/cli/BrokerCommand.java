package plinius.cli;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import plinius.attestation.kbs.KbsClient;
import plinius.attestation.simulation.Simulation;
import plinius.broker.Broker;
import plinius.broker.BrokerSettings;
import plinius.broker.Job;
import plinius.broker.Limits;
import plinius.verification.AppraisalPolicy;
import plinius.verification.EndorsementFolder;
import plinius.verification.PolicyFile;
import plinius.verification.evidence.Endorsements;

/** Releases keys until it is stopped. */
@Command(
    name = "broker",
    subcommands = {
      BrokerVerbs.Init.class,
      BrokerVerbs.AddJob.class,
      BrokerVerbs.GrantJob.class,
      BrokerVerbs.Revoke.class,
      BrokerVerbs.Rewind.class,
      BrokerVerbs.Replan.class,
      BrokerVerbs.Export.class,
      BrokerVerbs.Log.class
    },
    description = {
      "Releases keys to attested enclaves until it is stopped. With --cfg and --data it first adds",
      "a job, whose id `plinius train --broker` takes as --job. Its verbs are the owner's word:",
      "they take effect at once, whether a broker serves or not."
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

  @Option(
      names = "--listen",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description = "The address to serve on (default: ${DEFAULT-VALUE}).")
  private String address;

  @Option(
      names = "--policy",
      paramLabel = "P",
      description = {
        "The appraisal policy for jobs that have none of their own (default: the simulated",
        "enclave of this build, which protects nothing)."
      })
  private Path policy;

  @Option(
      names = "--endorsements",
      paramLabel = "DIR",
      description = {
        "A folder with what the makers say: certificates (PCK, VCEK, VLEK and their issuers, TCB",
        "signing), revocation lists, TCB info, QE identity. Names and subfolders do not matter;",
        "what changes there counts at once."
      })
  private Path endorsements;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "200",
      description = "Exchanges a second that one address may begin (default: ${DEFAULT-VALUE}).")
  private int rate;

  @Option(
      names = "--sessions",
      paramLabel = "N",
      defaultValue = "256",
      description = "Exchanges that may be under way at once (default: ${DEFAULT-VALUE}).")
  private int sessions;

  @Option(
      names = "--session-seconds",
      paramLabel = "N",
      defaultValue = "300",
      description = "How long an exchange may take (default: ${DEFAULT-VALUE}).")
  private int sessionSeconds;

  @Option(
      names = "--kbs-version",
      paramLabel = "V",
      defaultValue = KbsClient.PROTOCOL_VERSION,
      split = ",",
      description = "Versions of the KBS protocol to take (default: ${DEFAULT-VALUE}).")
  private List<String> versions;

  @Option(
      names = "--anchor",
      paramLabel = "TPM",
      description = {
        "Counts the log's growth in a TPM 2.0 as well, so that a log cut off or put back is",
        "noticed: tpm:/dev/tpmrm0, tpm:unix:PATH or tpm:tcp:HOST:PORT. From then on for all that",
        "use this key's broker."
      })
  private String anchor;

  @ArgGroup(exclusive = false)
  private NewJobOptions newJob;

  @Override
  public Integer call() throws InterruptedException {
    if (port < 0 || port > 65535) {
      throw new Refusal(ExitCode.USAGE, "--port takes 0 to 65535, got " + port);
    }
    Installation installation = Installation.current();
    if (anchor != null) {
      Broker.anchorAt(Owner.brokerState(key.file()), anchor);
    }
    try (Owner owner =
        Owner.start(installation, key.file(), key.passphrase(), settings(installation))) {
      if (newJob != null) {
        Job job = owner.addJob(newJob);
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

  private BrokerSettings settings(Installation installation) {
    BrokerSettings settings =
        BrokerSettings.of(
                policy == null
                    ? simulation(installation)
                    : PolicyText.read(policy, PolicyFile::parse))
            .withLimits(limits())
            .withProtocolVersions(Set.copyOf(versions));
    if (endorsements != null) {
      settings = settings.withEndorsements(folder());
    }
    try {
      return settings.at(InetAddress.getByName(address), port);
    } catch (UnknownHostException e) {
      throw new Refusal(
          ExitCode.USAGE, "--listen wants an address of this machine, got " + address);
    }
  }

  private Limits limits() {
    try {
      return new Limits(
          Limits.DEFAULT.bodyBytes(), rate, sessions, Duration.ofSeconds(sessionSeconds));
    } catch (IllegalArgumentException e) {
      throw new Refusal(ExitCode.USAGE, "--rate, --sessions, --session-seconds: " + e.getMessage());
    }
  }

  private static AppraisalPolicy simulation(Installation installation) {
    Terminal.notice(
        "jobs without a policy of their own: a simulated enclave of this build may have their"
            + " keys, and "
            + Simulation.PROTECTS_NOTHING
            + ". --policy says otherwise");
    return Owner.simulationOfThisBuild(installation);
  }

  private EndorsementFolder folder() {
    if (!Files.isDirectory(endorsements)) {
      throw new Refusal(
          ExitCode.BAD_INPUT, endorsements + " is no directory: --endorsements wants one");
    }
    EndorsementFolder folder = new EndorsementFolder(endorsements);
    Endorsements found = folder.get();
    Terminal.notice(
        endorsements
            + ": "
            + found.certificates().size()
            + " certificates, "
            + found.revocationLists().size()
            + " revocation lists, "
            + found.tcbInfos().size()
            + " TCB infos, "
            + found.qeIdentities().size()
            + " QE identities");
    return folder;
  }
}
