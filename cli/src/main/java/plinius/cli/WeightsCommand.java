package plinius.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import plinius.darknet.Network;
import plinius.exchange.weights.ModelPool;
import plinius.exchange.weights.WeightsReader;
import plinius.exchange.weights.WeightsReader.Contents;
import plinius.exchange.weights.WeightsReader.Part;
import plinius.exchange.weights.WeightsWriter;

/** Darknet's .weights files, in the hands of the model's owner. */
@Command(
    name = "weights",
    description = "Darknet's .weights files: what they hold, into pools, and out of pools.",
    synopsisSubcommandLabel = "VERB",
    subcommands = {
      WeightsCommand.Info.class,
      WeightsCommand.Convert.class,
      WeightsImport.class,
      WeightsExport.class
    })
final class WeightsCommand extends VerbGroup {
  /** Seed of the values of layers that a file has nothing for. */
  private static final long SEED = Owner.DEFAULT_SEED;

  /** Reads a file of all layers, or of the first ones. */
  static Contents read(Path file, Network network, int upto) {
    int to = upto == 0 ? network.layers().size() : upto;
    return WeightsReader.read(file.toString(), WeightsFile.read(file), network, to);
  }

  /** What a file holds. */
  @Command(
      name = "info",
      description = {
        "Prints a .weights file's version, the images it has seen, and what it has for each layer",
        "of a network; refuses a file that is too short for it, or too long."
      })
  static final class Info extends JsonVerb {
    @Mixin private CfgOptions network;

    @Parameters(index = "1", paramLabel = "FILE", description = "A .weights file.")
    private Path file;

    @Option(
        names = "--upto",
        paramLabel = "N",
        defaultValue = "0",
        description = "The file holds the first N layers only.")
    private int upto;

    @Override
    public Integer call() {
      Contents contents = read(file, ModelPool.network(network.parse(), SEED), upto);
      if (wantsJson()) {
        JsonLines.write(header(contents));
        contents.layers().forEach(part -> JsonLines.write(layer(part)));
      } else {
        print(contents);
      }
      return ExitCode.DONE.code();
    }

    private void print(Contents contents) {
      Map<String, Object> header = header(contents);
      Terminal.out()
          .println(
              String.format(
                  Locale.ROOT,
                  "%s: version %s%s, %,d images seen, %,d values",
                  file,
                  header.get("version"),
                  contents.header().transposed() ? " (connected layers transposed)" : "",
                  contents.header().seen(),
                  (Long) header.get("values")));
      Terminal.out().println("layer  type                 values      offset     largest");
      for (Part part : contents.layers()) {
        Terminal.out()
            .println(
                String.format(
                    Locale.ROOT,
                    "%5d  %-15s %,11d %,11d %11.4g%s",
                    part.layer(),
                    part.type(),
                    part.values(),
                    part.offset(),
                    part.largest(),
                    part.nonFinite() == 0
                        ? ""
                        : "  " + part.nonFinite() + " values are no finite numbers"));
      }
    }

    private Map<String, Object> header(Contents contents) {
      Map<String, Object> header = new LinkedHashMap<>();
      header.put("event", "weights");
      header.put("file", file.toString());
      header.put(
          "version",
          contents.header().major()
              + "."
              + contents.header().minor()
              + "."
              + contents.header().revision());
      header.put("transposed", contents.header().transposed());
      header.put("seen", contents.header().seen());
      header.put("values", contents.layers().stream().mapToLong(Part::values).sum());
      return header;
    }

    private static Map<String, Object> layer(Part part) {
      Map<String, Object> layer = new LinkedHashMap<>();
      layer.put("event", "layer");
      layer.put("layer", part.layer());
      layer.put("type", part.type());
      layer.put("values", part.values());
      layer.put("offset", part.offset());
      layer.put("largest", part.largest());
      layer.put("nonFinite", part.nonFinite());
      return layer;
    }
  }

  /** From one form of file to another. */
  @Command(
      name = "convert",
      description = {
        "Writes a .weights file anew: in another version, of the first layers only, with the"
            + " images",
        "seen set to 0. Layers that IN has nothing for get the initial values of seed 1."
      })
  static final class Convert implements Callable<Integer> {
    @Mixin private CfgOptions network;

    @Parameters(index = "1", paramLabel = "IN", description = "The file to read.")
    private Path in;

    @Parameters(index = "2", paramLabel = "OUT", description = "The file to write.")
    private Path out;

    @Option(
        names = "--upto",
        paramLabel = "N",
        defaultValue = "0",
        description = "IN holds the first N layers only.")
    private int upto;

    @Option(
        names = "--keep",
        paramLabel = "N",
        defaultValue = "0",
        description = "Write the first N layers only.")
    private int keep;

    @Option(
        names = "--format",
        paramLabel = "V",
        defaultValue = "0.2",
        converter = WeightsFormat.Converter.class,
        description = {
          "0.2 as the original writes (default), 0.1 with 32 bits for the images seen, or",
          "transposed with the connected layers' matrices the other way round."
        })
    private WeightsFormat format;

    @Option(names = "--clear", description = "Say that no images were seen.")
    private boolean clear;

    @Override
    public Integer call() {
      Network made = ModelPool.network(network.parse(), SEED);
      Contents contents = read(in, made, upto);
      int to = keep == 0 ? made.layers().size() : keep;
      long seen = clear ? 0 : contents.header().seen();
      WeightsFile.write(out, WeightsWriter.write(made, to, format.header(seen)));
      Terminal.out().println("wrote " + out + ", the first " + to + " layers, in plain");
      return ExitCode.DONE.code();
    }
  }
}
