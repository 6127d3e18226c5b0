package plinius.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import plinius.attestation.Attester;
import plinius.attestation.Evidence;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;
import plinius.attestation.simulation.SimulatedPlatform;
import plinius.attestation.simulation.Simulation;
import plinius.host.SimulatedMachine;
import plinius.host.SnpEvidence;

/** What this machine can prove. */
@Command(
    name = "attest",
    description = {
      "Prints what this machine can prove, and writes the evidence, which",
      "`plinius verify` judges. Without hardware there is a simulation, by name alone."
    })
final class AttestCommand implements Callable<Integer> {
  @Option(
      names = "--platform",
      paramLabel = "P",
      defaultValue = "auto",
      description = "auto, gramine, tsm or simulation (default: ${DEFAULT-VALUE}).")
  private String platform;

  @Option(
      names = "--report-data",
      paramLabel = "HEX",
      description = "Up to 64 bytes to bind the evidence to (default: zeros).")
  private String reportData = "";

  @Option(
      names = "--out",
      paramLabel = "F",
      description = "Writes the evidence, in the form of KBS messages, to a new file.")
  private Path out;

  @Option(names = "--root", hidden = true, defaultValue = "/")
  private Path root;

  @Override
  public Integer call() {
    ReportData bound = reportData();
    Attester attester = platform().attester(root, AttestCommand::simulation);
    Evidence evidence = attester.attest(bound);
    Terminal.out().println("platform     " + attester.kind().kbsName());
    Terminal.out().println("measurement  " + attester.measurement().hex());
    Terminal.out().println("bound to     " + bound.hex());
    Terminal.out().println("evidence     " + evidence.primary().length() + " characters");
    if (out != null) {
      write(SnpEvidence.translate(evidence.primary().getBytes(StandardCharsets.UTF_8)));
    }
    if (attester.kind() == TeeKind.SIMULATION) {
      Terminal.notice(Simulation.PROTECTS_NOTHING);
    }
    return ExitCode.DONE.code();
  }

  private void write(byte[] evidence) {
    try {
      Files.write(out, evidence, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (FileAlreadyExistsException e) {
      throw new Refusal(ExitCode.BAD_INPUT, out + " exists already: name a new file");
    } catch (IOException e) {
      throw new Refusal(ExitCode.MEDIUM, "cannot write " + out + ": " + Failures.why(e));
    }
  }

  private PlatformChoice platform() {
    try {
      return PlatformChoice.valueOf(platform.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new Refusal(
          ExitCode.USAGE, "--platform takes auto, gramine, tsm or simulation, got " + platform);
    }
  }

  private static Attester simulation() {
    Installation installation = Installation.current();
    return new SimulatedPlatform(
        SimulatedMachine.made(installation.platform()),
        installation.existingImage(),
        Owner.ENCLAVE_ARGUMENTS);
  }

  private ReportData reportData() {
    try {
      String hex = reportData.toLowerCase(Locale.ROOT);
      return new ReportData(hex + "0".repeat(Math.max(0, 2 * ReportData.BYTES - hex.length())));
    } catch (IllegalArgumentException e) {
      throw new Refusal(ExitCode.USAGE, "--report-data: " + e.getMessage());
    }
  }
}
