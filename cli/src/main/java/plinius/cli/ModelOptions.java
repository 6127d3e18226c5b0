package plinius.cli;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import plinius.boundary.HostMessage.Mode;
import plinius.host.KillAt;

/** What all verbs that start an enclave have in common. */
class ModelOptions {
  @Mixin private CfgOptions network;

  @Option(
      names = "--pm",
      required = true,
      paramLabel = "DIR",
      description = "A folder on persistent memory: the pool and the loaded data lie there.")
  private Path pm;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that compute (default: all cores). The result does not depend on it.")
  private Integer threads;

  @Option(
      names = "--hardware",
      description = {
        "Run on the confidential hardware that is there (SGX, TDX, SEV-SNP). Without this on a",
        "simulated platform, which protects nothing."
      })
  private boolean hardware;

  @Option(names = "--json", description = "JSON lines on standard output.")
  private boolean json;

  @Option(names = "--kill-at", hidden = true, converter = Choices.KillAtConverter.class)
  private KillAt killAt;

  @Option(names = "--record-border", hidden = true)
  private Path recordBorder;

  final boolean json() {
    return json;
  }

  final RunRequest request(Mode mode, Path data) {
    return new RunRequest(
        mode,
        network.file(),
        network.settings(),
        data,
        pm,
        threads == null ? Runtime.getRuntime().availableProcessors() : threads,
        hardware,
        json,
        Optional.ofNullable(killAt),
        Optional.ofNullable(recordBorder),
        RunRequest.Training.NONE,
        RunRequest.Question.NONE);
  }
}
