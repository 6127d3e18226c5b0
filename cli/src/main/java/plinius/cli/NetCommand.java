package plinius.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.layer.Shape;
import plinius.exchange.net.LayerRow;
import plinius.exchange.net.Memory;
import plinius.exchange.net.NetTable;

/** What a configuration makes, before anything is trained. */
@Command(
    name = "net",
    description = {
      "Prints a network's layers: filters, size, input, output, operations for an image, trained",
      "parameters, memory; and what training needs in all."
    })
final class NetCommand extends JsonVerb {
  /** A tree of the original's largest hierarchy has 200 KB. */
  private static final int NAMED_FILE_BYTES_MAX = 1 << 24;

  @Mixin private CfgOptions network;

  @Option(names = "--plan", description = "Say which kernel computes each layer, and why.")
  private boolean plan;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "0",
      description = "Plan for N images at a time (default: what the file says).")
  private int batch;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Plan for N threads that compute (default: all cores).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Override
  public Integer call() {
    if (batch < 0) {
      throw new Refusal(ExitCode.USAGE, "--batch takes 1 or more, got " + batch);
    }
    if (threads < 1) {
      throw new Refusal(ExitCode.USAGE, "--threads takes 1 or more, got " + threads);
    }
    Map<String, String> overrides =
        batch == 0 ? Map.of() : Map.of("batch", Integer.toString(batch), "subdivisions", "1");
    List<String> warnings = new ArrayList<>();
    CfgFile cfg = network.parse(overrides, warnings);
    NetTable table = NetTable.of(cfg, threads, name -> named(Path.of(cfg.name()), name));
    if (wantsJson()) {
      JsonLines.write(object(table, warnings));
    } else {
      warnings.forEach(Terminal::notice);
      print(table);
    }
    return ExitCode.DONE.code();
  }

  /** The original takes such names from the folder it is started in; its files lie side by side. */
  private static String named(Path cfg, String name) {
    Path folder = cfg.toAbsolutePath().getParent();
    List<Path> places =
        Stream.of(Path.of(""), folder, folder.resolve("..")).map(p -> p.resolve(name)).toList();
    for (Path place : places) {
      try {
        if (Files.isRegularFile(place) && Files.size(place) <= NAMED_FILE_BYTES_MAX) {
          return Files.readString(place);
        }
      } catch (IOException e) {
        throw new Refusal(
            ExitCode.BAD_INPUT, "cannot read " + place + " for " + cfg + ": " + Failures.why(e));
      }
    }
    throw new Refusal(
        ExitCode.BAD_INPUT,
        cfg
            + " names the file "
            + name
            + ", which is in none of "
            + places
            + ": start from the folder that has it");
  }

  // ---------------------------------------------------------------- for people

  private void print(NetTable table) {
    line(
        "layer  type             filters  size            %-17s    %-17s  BFLOPs   parameters      memory"
            .formatted("input", "output"));
    for (LayerRow row : table.layers()) {
      line(
          String.format(
              Locale.ROOT,
              "%5d  %-15s  %7s  %-14s  %-17s -> %-17s %7s  %11s  %10s",
              row.index(),
              row.type(),
              row.filters() == 0 ? "" : Integer.toString(row.filters()),
              row.size(),
              shape(row.in()),
              shape(row.out()),
              row.operations() == 0 ? "" : billions(row.operations()),
              row.parameters() == 0 ? "" : String.format(Locale.ROOT, "%,d", row.parameters()),
              row.memory().total() == 0 ? "" : bytes(row.memory().total())));
      for (int i = 0; plan && i < row.kernels().size(); i++) {
        line("                        " + row.kernels().get(i));
      }
    }
    totals(table);
  }

  private void totals(NetTable table) {
    line(
        String.format(
            Locale.ROOT,
            "%d layers, %s billion operations an image, %,d parameters; a .weights file has %,d"
                + " bytes",
            table.layers().size(),
            billions(table.operations()),
            table.parameters(),
            table.weightsFileBytes()));
    Memory memory = table.training();
    line(
        String.format(
            Locale.ROOT,
            "memory to %s %d at a time, threads %d: parameters %s, gradients %s, activations %s,"
                + " workspace %s; in all %s",
            table.untrainable().isPresent() ? "predict" : "train",
            table.subBatch(),
            threads,
            bytes(memory.parameters()),
            bytes(memory.gradients()),
            bytes(memory.activations()),
            bytes(memory.workspace()),
            bytes(memory.total())));
    table.untrainable().ifPresent(why -> line("it cannot be trained: " + why));
    if (plan) {
      line("the bits of a state depend on this plan, and the mirror records it: " + table.plan());
    }
  }

  private static void line(String text) {
    Terminal.out().println(text.stripTrailing());
  }

  private static String shape(Shape shape) {
    return shape.image() || shape.h() > 1
        ? String.format(Locale.ROOT, "%4d x%4d x%4d", shape.h(), shape.w(), shape.c())
        : String.format(Locale.ROOT, "%16d", shape.count());
  }

  private static String billions(long operations) {
    return String.format(Locale.ROOT, "%.3f", operations / 1e9);
  }

  private static String bytes(long bytes) {
    return bytes < 1 << 20
        ? String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0)
        : String.format(Locale.ROOT, "%,.1f MiB", bytes / 1048576.0);
  }

  // ---------------------------------------------------------------- for programs

  private Map<String, Object> object(NetTable table, List<String> warnings) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("event", "net");
    object.put("name", table.name());
    object.put("batch", table.batch());
    object.put("subdivisions", table.subdivisions());
    object.put("timeSteps", table.timeSteps());
    object.put("layers", table.layers().stream().map(NetCommand::object).toList());
    object.put("operations", table.operations());
    object.put("parameters", table.parameters());
    object.put("weightsFileBytes", table.weightsFileBytes());
    object.put("threads", threads);
    object.put("memory", object(table.training()));
    object.put("trainable", table.untrainable().isEmpty());
    table.untrainable().ifPresent(why -> object.put("untrainable", why));
    object.put("plan", table.plan());
    object.put("warnings", warnings);
    return object;
  }

  private static Map<String, Object> object(LayerRow row) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("layer", row.index());
    object.put("type", row.type());
    object.put("filters", row.filters());
    object.put("size", row.size());
    object.put("input", List.of(row.in().h(), row.in().w(), row.in().c()));
    object.put("output", List.of(row.out().h(), row.out().w(), row.out().c()));
    object.put("operations", row.operations());
    object.put("parameters", row.parameters());
    object.put("memory", object(row.memory()));
    object.put("kernels", row.kernels());
    return object;
  }

  private static Map<String, Object> object(Memory memory) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("parameters", memory.parameters());
    object.put("gradients", memory.gradients());
    object.put("activations", memory.activations());
    object.put("workspace", memory.workspace());
    object.put("total", memory.total());
    return object;
  }
}
