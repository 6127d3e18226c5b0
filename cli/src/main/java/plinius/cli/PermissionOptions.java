package plinius.cli;

import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import picocli.CommandLine.Option;
import plinius.broker.BrokerRecord;
import plinius.broker.Permission;

/** Who may have a job's keys, and until when. */
final class PermissionOptions {
  @Option(
      names = "--policy",
      paramLabel = "P",
      description = {
        "The appraisal policy of the job, of which the broker keeps a copy: platforms, code,",
        "what else has to hold. Several values for the code let a new version go on."
      })
  private Path policy;

  @Option(
      names = "--until",
      paramLabel = "T",
      description =
          "When it ends: an instant as 2026-01-31T12:00:00Z, or from now on as 12h or 30d.")
  private String until;

  /** What is not said stays as it was; an end has to be said each time. */
  Permission permission(BrokerRecord records, Permission current) {
    Optional<String> digest =
        policy == null
            ? current.policy()
            : Optional.of(PolicyText.read(policy, records::keepPolicy));
    return new Permission(digest, Optional.ofNullable(until).map(PermissionOptions::instant));
  }

  private static Instant instant(String text) {
    if (text.matches("[1-9][0-9]{0,5}[hd]")) {
      long count = Long.parseLong(text.substring(0, text.length() - 1));
      return Instant.now()
          .plus(text.endsWith("h") ? Duration.ofHours(count) : Duration.ofDays(count));
    }
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw new Refusal(
          ExitCode.USAGE,
          "--until is " + text + ", want an instant as 2026-01-31T12:00:00Z, or 12h or 30d");
    }
  }
}
