package plinius.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import plinius.attestation.ReportData;
import plinius.verification.Appraisal;
import plinius.verification.AppraisalPolicy;
import plinius.verification.AttestationResult;
import plinius.verification.EndorsementFolder;
import plinius.verification.PolicyFile;
import plinius.verification.Verification;
import plinius.verification.Verifier;
import plinius.verification.evidence.Endorsements;

/** Is a piece of evidence genuine, and does a policy accept it. */
@Command(
    name = "verify",
    description = {
      "Verifies evidence: a quote of SGX or TDX, a report of SEV-SNP, a document of Nitro, an HCL",
      "report of Azure, a certificate with RA-TLS evidence, or the JSON of KBS messages.",
      "Prints the result as a document in the words of EAT and EAR. Exit code 77 if it is refused."
    })
final class VerifyCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE", description = "The evidence.")
  private Path file;

  @Option(
      names = "--policy",
      required = true,
      paramLabel = "P",
      description = "The appraisal policy: sections of platforms, lines of claims and values.")
  private Path policyFile;

  @Option(
      names = "--at",
      paramLabel = "T",
      description = "The instant to verify at, as 2026-01-31T12:00:00Z; default: now.")
  private String instant;

  @Option(
      names = "--endorsements",
      paramLabel = "DIR",
      description = {
        "Directories with certificates, revocation lists, TCB info and QE identity;",
        "default: the directory of FILE, and collateral in it."
      })
  private List<Path> directories;

  @Option(
      names = "--report-data",
      paramLabel = "HEX",
      description = "The bytes that the evidence has to be bound to, up to 64; default: any.")
  private String reportData;

  @Option(names = "--explain", description = "Print each check and each claim instead.")
  private boolean explain;

  @Override
  public Integer call() {
    AppraisalPolicy policy = PolicyText.read(policyFile, PolicyFile::parse);
    Instant at = at();
    Verification verification = new Verifier().verifyFile(read(file), endorsements(), at);
    Appraisal appraisal = policy.appraise(verification, expected(), at);
    if (explain) {
      explain(verification, appraisal);
    } else {
      Terminal.out()
          .println(AttestationResult.write(AttestationResult.of(verification, appraisal, at)));
    }
    if (appraisal instanceof Appraisal.Rejected rejected) {
      throw new Refusal(ExitCode.REFUSED, rejected.message());
    }
    return ExitCode.DONE.code();
  }

  private static void explain(Verification verification, Appraisal appraisal) {
    verification.findings().forEach(each -> Terminal.out().println("holds    " + each));
    switch (verification) {
      case Verification.NotGenuine not -> Terminal.out().println("fails    " + not.field());
      case Verification.Genuine genuine ->
          genuine
              .claims()
              .values()
              .forEach((name, value) -> Terminal.out().println("claims   " + name + " = " + value));
    }
    switch (appraisal) {
      case Appraisal.Accepted accepted -> Terminal.out().println("accepted " + accepted.platform());
      case Appraisal.Rejected rejected -> Terminal.out().println("refused  " + rejected.field());
    }
  }

  private Instant at() {
    try {
      return instant == null ? Instant.now() : Instant.parse(instant);
    } catch (DateTimeException e) {
      throw new Refusal(
          ExitCode.USAGE, "--at is " + instant + ", want an instant as 2026-01-31T12:00:00Z");
    }
  }

  private Optional<ReportData> expected() {
    if (reportData == null) {
      return Optional.empty();
    }
    String padded =
        reportData + "0".repeat(Math.max(0, 2 * ReportData.BYTES - reportData.length()));
    try {
      return Optional.of(ReportData.of(HexFormat.of().parseHex(padded)));
    } catch (IllegalArgumentException e) {
      throw new Refusal(
          ExitCode.USAGE, "--report-data is no hexadecimal text of up to 64 bytes: " + reportData);
    }
  }

  private Endorsements endorsements() {
    Path folder = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("."));
    Path collateral = folder.resolve("collateral");
    if (directories == null) {
      Endorsements beside = EndorsementFolder.flat(folder).get();
      return Files.isDirectory(collateral)
          ? beside.with(EndorsementFolder.flat(collateral).get())
          : beside;
    }
    Endorsements all = Endorsements.none();
    for (Path place : directories) {
      if (!Files.isDirectory(place)) {
        throw new Refusal(ExitCode.BAD_INPUT, place + " is no directory: --endorsements wants one");
      }
      all = all.with(new EndorsementFolder(place).get());
    }
    return all;
  }

  private static byte[] read(Path path) {
    try {
      if (Files.size(path) > Verifier.EVIDENCE_BYTES_MAX * 2L) {
        throw new Refusal(ExitCode.BAD_INPUT, path + " is too long for evidence");
      }
      return Files.readAllBytes(path);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  private static Refusal unreadable(Path path, IOException e) {
    return new Refusal(ExitCode.BAD_INPUT, "cannot read " + path + ": " + Failures.why(e));
  }
}
