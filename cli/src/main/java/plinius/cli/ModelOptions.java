package plinius.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import plinius.boundary.HostMessage.Mode;
import plinius.darknet.cfg.CfgFile;
import plinius.exchange.net.Memory;
import plinius.exchange.net.NetTable;
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
        "Run on the confidential hardware that is there (a guest of TDX or SEV-SNP). Without this",
        "on a simulated platform, which protects nothing."
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

  /** Compares the limit with what the enclave will plan: here, before there is one. */
  final void refuseMoreMemoryThan(long limit) {
    CfgFile cfg = network.parse(Map.of(), new ArrayList<>());
    Memory plan = plan(cfg);
    if (plan.total() > limit) {
      throw new Refusal(
          ExitCode.BAD_INPUT,
          String.format(
              Locale.ROOT,
              "%s plans %.1f MiB to train: parameters %.1f, gradients %.1f, activations %.1f,"
                  + " workspace %.1f; --memory allows %.1f. %s",
              cfg.name(),
              mebibytes(plan.total()),
              mebibytes(plan.parameters()),
              mebibytes(plan.gradients()),
              mebibytes(plan.activations()),
              mebibytes(plan.workspace()),
              mebibytes(limit),
              smaller(cfg, limit)));
    }
  }

  private Memory plan(CfgFile cfg) {
    return NetTable.of(
            cfg,
            computing(),
            name -> {
              throw new Refusal(
                  ExitCode.BAD_INPUT,
                  cfg.name() + " names the file " + name + ", which training does not read");
            })
        .training();
  }

  private int computing() {
    return threads == null ? Runtime.getRuntime().availableProcessors() : threads;
  }

  private static double mebibytes(long bytes) {
    return bytes / (double) (1 << 20);
  }

  /** Which subdivisions would do. */
  private String smaller(CfgFile cfg, long limit) {
    int batch = cfg.net().integer("batch");
    for (int parts = cfg.net().integer("subdivisions") + 1; parts <= batch; parts++) {
      if (batch % parts == 0) {
        Map<String, String> divided = Map.of("subdivisions", Integer.toString(parts));
        long needed = plan(network.parse(divided, new ArrayList<>())).total();
        if (needed <= limit) {
          return String.format(
              Locale.ROOT,
              "Allow more, or train with --set subdivisions=%d, which plans %.1f (batch"
                  + " normalisation then sees %d images at a time)",
              parts,
              mebibytes(needed),
              batch / parts);
        }
      }
    }
    return "Allow more, or make the network smaller: one image at a time does not fit either";
  }

  final RunRequest request(Mode mode, Path data) {
    return new RunRequest(
        mode,
        network.file(),
        network.settings(),
        data,
        pm,
        computing(),
        hardware,
        json,
        Optional.ofNullable(killAt),
        Optional.ofNullable(recordBorder),
        RunRequest.Training.NONE,
        RunRequest.Question.NONE);
  }
}
