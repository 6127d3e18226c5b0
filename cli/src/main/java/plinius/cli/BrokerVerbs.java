package plinius.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.BiFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import plinius.attestation.kbs.GrantPurpose;
import plinius.attestation.kbs.KbsClient;
import plinius.broker.BrokerRecord;
import plinius.broker.Job;
import plinius.broker.JobTerms;
import plinius.broker.Permission;
import plinius.kernel.Kernels;
import plinius.owner.OwnerKey;
import plinius.seal.Id128;
import plinius.seal.jose.Json;

/**
 * What an owner tells the broker: verbs below {@code plinius broker --key F}. They work on its
 * record, whether a broker serves over it or not.
 */
final class BrokerVerbs {
  private BrokerVerbs() {}

  /** A verb with the broker's key and record. */
  abstract static class Verb implements Callable<Integer> {
    @ParentCommand private BrokerCommand broker;

    /** Does it; the record is closed afterwards. */
    abstract void run(BrokerRecord records);

    @Override
    public Integer call() {
      return with(
          broker.key(),
          (_, records) -> {
            run(records);
            return ExitCode.DONE.code();
          });
    }

    Path keyFile() {
      return broker.key().file();
    }
  }

  static <T> T with(OwnerKeyOptions options, BiFunction<OwnerKey, BrokerRecord, T> body) {
    try (OwnerKey key = options.load();
        BrokerRecord records =
            BrokerRecord.open(key, Owner.brokerState(options.file()), Clock.systemUTC())) {
      return body.apply(key, records);
    }
  }

  /** The job of this name, or of this id. */
  static Job find(BrokerRecord records, String job) {
    return records
        .jobByName(job)
        .or(() -> job.matches("[0-9a-f]{32}") ? records.job(Id128.parse(job)) : Optional.empty())
        .orElseThrow(
            () ->
                new Refusal(
                    ExitCode.BAD_INPUT, "there is no job " + job + " in the broker's record"));
  }

  /** A job by its name or id. */
  static final class JobOption {
    @Option(
        names = "--job",
        required = true,
        paramLabel = "NAME",
        description = "The job's name, or its id.")
    private String job;

    Job find(BrokerRecord records) {
      return BrokerVerbs.find(records, job);
    }
  }

  /** Keys and log. */
  @Command(
      name = "init",
      description = {
        "Makes the broker's keys and log, and prints the pin.",
        "They lie beside the owner's key, and hosts need the pin. Once is enough; again it only",
        "prints."
      })
  static final class Init extends Verb {
    @Override
    void run(BrokerRecord records) {
      Terminal.out().println("record  " + Owner.brokerState(keyFile()));
      Terminal.out().println("pin     " + records.pin());
    }
  }

  /** A job. */
  @Command(
      name = "add-job",
      description = {
        "Adds a job, and prints its id.",
        "Network, data, seed and freshness are for ever; who may have its keys is not. The id is",
        "what `plinius train --broker` takes as --job. Without --policy the job has the broker's",
        "own: the simulated enclave of this build, which protects nothing, unless the broker",
        "serves with --policy."
      })
  static final class AddJob implements Callable<Integer> {
    @ParentCommand private BrokerCommand broker;
    @Mixin private NewJobOptions job;
    @Mixin private PermissionOptions permission;

    @Override
    public Integer call() {
      return with(
          broker.key(),
          (key, records) -> {
            JobTerms terms = job.terms(broker.key().file(), key.id());
            Job added = records.addJob(terms, permission.permission(records, Permission.DEFAULT));
            Terminal.out().println("job     " + added.id());
            return ExitCode.DONE.code();
          });
    }
  }

  /** The keys may go out. */
  @Command(
      name = "grant",
      description = {
        "Lets a job's keys go out from now on.",
        "Under another policy, until another time, or again after they were revoked. Without",
        "--policy the policy stays; without --until there is no end."
      })
  static final class GrantJob extends Verb {
    @Mixin private JobOption job;
    @Mixin private PermissionOptions permission;

    @Override
    void run(BrokerRecord records) {
      Job found = job.find(records);
      Job granted = records.permit(found.id(), permission.permission(records, found.permission()));
      Terminal.out()
          .println(
              "job "
                  + granted.id()
                  + ": policy "
                  + granted.permission().policy().orElse("of the broker")
                  + ", until "
                  + granted.permission().until().map(String::valueOf).orElse("revoked"));
    }
  }

  /** The keys may not go out any more. */
  @Command(
      name = "revoke",
      description = {
        "Lets a job's keys go out no more.",
        "Fences the run that is under way: its next mirror is refused. What an enclave has in",
        "memory it keeps. `grant` ends that."
      })
  static final class Revoke extends Verb {
    @Mixin private JobOption job;

    @Override
    void run(BrokerRecord records) {
      Job revoked = records.revoke(job.find(records).id());
      Terminal.out().println("job " + revoked.id() + " is revoked");
    }
  }

  /** The owner's word that a job shall go on from an earlier mirror. */
  @Command(
      name = "rewind",
      description = {
        "Lets a job go on from an earlier mirror.",
        "Because its pool was restored from a copy. A run under way is fenced."
      })
  static final class Rewind extends Verb {
    @Mixin private JobOption job;

    @Option(
        names = "--mirror",
        required = true,
        paramLabel = "N",
        description = "The sequence of a mirror that the broker was told of.")
    private long mirror;

    @Override
    void run(BrokerRecord records) {
      Job rewound = records.rewind(job.find(records).id(), mirror);
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
  }

  /** The owner's word that a job shall go on with other kernels. */
  @Command(
      name = "replan",
      description = {
        "Lets a job's model go on with another version's kernels.",
        "Results are the same bits within one version of the kernels only, so an enclave refuses a",
        "model that another version's computed, unless its owner said this. Exactness ends there.",
        "It counts, for every run and test of the job, until another version is named."
      })
  static final class Replan extends Verb {
    @Mixin private JobOption job;

    @Option(
        names = "--kernels",
        paramLabel = "N",
        description = {
          "The version of the kernels that may go on (default: this build's, "
              + Kernels.VERSION
              + "); 0 takes the word",
          "back."
        })
    private long kernels = Kernels.VERSION;

    @Override
    void run(BrokerRecord records) {
      if (kernels < 0) {
        throw new Refusal(ExitCode.USAGE, "--kernels takes 0 or more, got " + kernels);
      }
      Job replanned = records.replan(job.find(records).id(), kernels);
      Terminal.out()
          .println(
              "job "
                  + replanned.id()
                  + (kernels == 0
                      ? " goes on with the kernels that computed its model alone"
                      : " may go on with kernels "
                          + kernels
                          + "; where others computed its model, exactness ends"));
    }
  }

  /** Grants for another key broker. */
  @Command(
      name = "export",
      description = {
        "Writes a job's grants for another key broker of yours.",
        "For one that speaks the KBS protocol, as Trustee: the files lie in DIR as its resources",
        "are called, plinius/<job>/grant and grant-readonly. They hold keys in plain: give them to",
        "the broker and delete them. Its own policy says who gets them; it keeps no record of",
        "mirrors, so the job has to be one with --freshness offline."
      })
  static final class Export extends Verb {
    @Mixin private JobOption job;

    @Option(
        names = "--out",
        required = true,
        paramLabel = "DIR",
        description = "A folder for them; the files must not exist.")
    private Path out;

    @Override
    void run(BrokerRecord records) {
      Id128 id = job.find(records).id();
      Path folder = out.resolve(KbsClient.REPOSITORY).resolve(id.toString());
      try {
        Files.createDirectories(folder);
        // Before a grant begins an epoch, and before the first of the two is there.
        for (GrantPurpose purpose : GrantPurpose.values()) {
          if (Files.exists(folder.resolve(purpose.resourceTag()))) {
            throw new FileAlreadyExistsException(folder.resolve(purpose.resourceTag()).toString());
          }
        }
        for (GrantPurpose purpose : GrantPurpose.values()) {
          write(folder.resolve(purpose.resourceTag()), records.exportGrant(id, purpose));
        }
      } catch (IOException e) {
        throw new Refusal(
            ExitCode.BAD_INPUT, "cannot write the grants to " + folder + ": " + Failures.why(e));
      }
      Terminal.out().println("grants  " + folder + " (keys in plain: delete them after use)");
    }

    private static void write(Path file, byte[] grant) throws IOException {
      try (FileChannel channel =
          FileChannel.open(
              file,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
        ByteBuffer bytes = ByteBuffer.wrap(grant);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
      } finally {
        Arrays.fill(grant, (byte) 0);
      }
    }
  }

  /** What happened. */
  @Command(
      name = "log",
      description = {
        "Prints the broker's log.",
        "Its chain is verified first. It holds jobs, what the owner said, keys that went out and",
        "to whom, newest mirrors, and who was refused and why."
      })
  static final class Log extends Verb {
    @Option(names = "--json", description = "The lines as they stand in the log.")
    private boolean json;

    @Option(names = "--refused", description = "Refusals alone.")
    private boolean refused;

    @Override
    void run(BrokerRecord records) {
      for (String line : records.log()) {
        Map<String, Object> members = new TreeMap<>(Json.parseObject(line));
        if (refused && !members.get("event").equals("refused")) {
          continue;
        }
        Terminal.out().println(json ? line : forPeople(members));
      }
    }

    static String forPeople(Map<String, Object> members) {
      String head =
          "%6s  %s  %-9s"
              .formatted(members.remove("index"), members.remove("at"), members.remove("event"));
      List.of("mac", "prev").forEach(members::remove);
      StringBuilder text = new StringBuilder(head);
      members.forEach((name, value) -> text.append("  ").append(name).append('=').append(value));
      return printable(text.toString());
    }

    // Strangers choose some of it: what would move a cursor or turn text round is shown by number.
    private static String printable(String text) {
      StringBuilder shown = new StringBuilder();
      text.codePoints()
          .forEach(
              each -> {
                switch (Character.getType(each)) {
                  case Character.CONTROL,
                      Character.FORMAT,
                      Character.LINE_SEPARATOR,
                      Character.PARAGRAPH_SEPARATOR,
                      Character.PRIVATE_USE,
                      Character.SURROGATE,
                      Character.UNASSIGNED ->
                      shown.append("\\u{%x}".formatted(each));
                  default -> shown.appendCodePoint(each);
                }
              });
      return shown.toString();
    }
  }
}
