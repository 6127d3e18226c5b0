package plinius.exchange.net;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import plinius.darknet.DarknetException;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.cfg.Section;
import plinius.darknet.layer.Layer;
import plinius.darknet.layer.MaxpoolLayer;
import plinius.darknet.layer.NamedTensor;
import plinius.darknet.layer.Pass;
import plinius.darknet.layer.Shape;
import plinius.exchange.weights.WeightsWriter;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;
import plinius.reference.FileTree;

/**
 * The table that users of Darknet know, from the network that is really built, without its memory.
 *
 * @param name of the file
 * @param batch images of one iteration
 * @param subdivisions of them
 * @param timeSteps that recurrent layers take
 * @param layers the lines
 * @param training what training needs; without it, predicting alone
 * @param untrainable why it cannot be trained, if it cannot
 * @param plan what the bits of the results depend on besides configuration and seed
 */
public record NetTable(
    String name,
    int batch,
    int subdivisions,
    int timeSteps,
    List<LayerRow> layers,
    Memory training,
    Optional<String> untrainable,
    String plan) {
  private static final int HEADER_BYTES = 20;

  /** Copies the lines. */
  public NetTable {
    layers = List.copyOf(layers);
  }

  /**
   * The table of a configuration.
   *
   * @param threads that compute, each with scratch of its own
   * @param files gives the text of a file that the configuration names
   * @throws DarknetException if the configuration makes no network
   */
  public static NetTable of(CfgFile cfg, int threads, UnaryOperator<String> files) {
    try (Workers workers = new Workers(1)) {
      try {
        return of(cfg, outline(cfg, workers, files, true), threads, Optional.empty());
      } catch (DarknetException e) {
        // Without training there may be a network all the same, such as one that ends in features.
        return of(cfg, outline(cfg, workers, files, false), threads, Optional.of(e.getMessage()));
      }
    }
  }

  private static Network outline(
      CfgFile cfg, Workers workers, UnaryOperator<String> files, boolean training) {
    return Outline.network(
        cfg,
        new NetworkOptions(Kernels.best(), workers, 1, training, files, FileTree::parse),
        false);
  }

  private static NetTable of(
      CfgFile cfg, Network network, int threads, Optional<String> untrainable) {
    List<LayerRow> rows = new ArrayList<>();
    Shape net =
        new Shape(network.height(), network.width(), network.channels(), network.height() > 1);
    Outline storage = (Outline) network.storage();
    int computing = Math.min(threads, Pass.shards(storage.batch())); // each takes whole shards
    long workspace = storage.scratchBytes() + computing * threadScratch(cfg, network).bytes();
    Memory all = new Memory(0, 0, storage.activationBytes(), workspace);
    Map<Integer, Memory> tensors = tensors(network);
    for (Layer layer : network.layers()) {
      int i = layer.index();
      Outline.Needs needs = storage.needs().get(i);
      Section section = cfg.layers().get(i);
      Memory state = tensors.getOrDefault(i, new Memory(0, 0, 0, 0));
      all = all.plus(state);
      Memory memory = state.plus(new Memory(0, 0, needs.activationBytes(), 0));
      Shape in = i == 0 ? net : network.layers().get(source(section, i)).out();
      rows.add(
          new LayerRow(
              i,
              layer.section().type(),
              filters(section, layer),
              Sizes.of(section),
              in,
              layer.out(),
              operations(network, layer, needs),
              parameters(network, i),
              WeightsWriter.values(network, layer),
              memory,
              kernels(layer, needs)));
    }
    return new NetTable(
        cfg.name(),
        network.batch(),
        cfg.net().integer("subdivisions"),
        cfg.net().integer("time_steps"),
        rows,
        all,
        untrainable,
        network.plan());
  }

  /** What each thread needs for images of all sizes. */
  private static ThreadScratch threadScratch(CfgFile cfg, Network network) {
    Outline storage = (Outline) network.storage();
    ThreadScratch scratch = new ThreadScratch(network.options().training(), storage.batch());
    for (List<Outline.Needs> needs : storage.needsOfAllSizes()) {
      for (int i = 0; i < needs.size(); i++) {
        List<ConvShape> shapes = needs.get(i).convolutions();
        boolean transposed = cfg.layers().get(i).type().equals("deconvolutional");
        for (int part = 0; part < shapes.size(); part++) {
          scratch.convolution(shapes.get(part), transposed, i == 0 && part == 0);
        }
        if (i > 0
            && needs.get(i - 1).madeAgain()
            && cfg.layers().get(i - 1).flag("batch_normalize")) {
          long values = needs.get(i - 1).convolutions().getFirst().outputs();
          int most = Math.ceilDiv(storage.batch(), Pass.shards(storage.batch()));
          int block = shapes.isEmpty() ? MaxpoolLayer.BLOCK : ConvPlan.images(shapes.getFirst());
          scratch.madeAgain(values * Math.min(most, block));
        }
      }
    }
    return scratch;
  }

  /** Images of one sub-batch, for which memory is planned. */
  public int subBatch() {
    return batch / subdivisions;
  }

  /** Operations of all layers for one image. */
  public long operations() {
    return layers.stream().mapToLong(LayerRow::operations).sum();
  }

  /** Values that are trained. */
  public long parameters() {
    return layers.stream().mapToLong(LayerRow::parameters).sum();
  }

  /** Bytes of its .weights file. */
  public long weightsFileBytes() {
    return HEADER_BYTES + 4 * layers.stream().mapToLong(LayerRow::weightsFileValues).sum();
  }

  private static int source(Section section, int index) {
    int first = section.type().equals("route") ? section.integers("layers")[0] : -1;
    return first < 0 ? index + first : first;
  }

  private static int filters(Section section, Layer layer) {
    return switch (section.type()) {
      case "convolutional", "deconvolutional", "local", "crnn" -> layer.out().c();
      case "connected", "rnn", "gru", "lstm" -> layer.out().count();
      default -> 0;
    };
  }

  private static Map<Integer, Memory> tensors(Network network) {
    Map<Integer, Memory> byLayer = new TreeMap<>();
    for (NamedTensor tensor : network.state()) {
      long bytes = 4L * tensor.count();
      Memory one =
          switch (tensor.role()) {
            case PARAMETER, STATISTIC, STATE -> new Memory(bytes, 0, 0, 0);
            case OPTIMIZER -> new Memory(0, bytes, 0, 0);
          };
      layer(tensor).ifPresent(i -> byLayer.merge(i, one, Memory::plus));
    }
    return byLayer;
  }

  /** The number before the first dot; the count of Adam's updates is no layer's. */
  private static Optional<Integer> layer(NamedTensor tensor) {
    String number = tensor.name().substring(0, tensor.name().indexOf('.'));
    return number.equals("net") ? Optional.empty() : Optional.of(Integer.valueOf(number));
  }

  private static long parameters(Network network, int index) {
    return network.state().stream()
        .filter(tensor -> layer(tensor).equals(Optional.of(index)))
        .filter(
            tensor ->
                switch (tensor.role()) {
                  case PARAMETER -> true;
                  case STATISTIC, OPTIMIZER, STATE -> false;
                })
        .mapToLong(NamedTensor::count)
        .sum();
  }

  private static long operations(Network network, Layer layer, Outline.Needs needs) {
    long sum = 0;
    for (ConvShape shape : needs.convolutions()) {
      sum += 2L * shape.weights() * shape.outH() * shape.outW();
    }
    if (layer.section().type().equals("local")) { // each weight serves one place
      sum += 2 * (parameters(network, layer.index()) - layer.out().count());
    }
    return sum;
  }

  /** How a convolution is computed, and why so. */
  private static String explained(ConvShape shape) {
    return ConvPlan.of(shape) == ConvPlan.DIRECT
        ? "direct: " + ConvPlan.obstacle(shape)
        : "Winograd F(4x4,3x3): %d x %d tiles of 4 x 4 outputs"
            .formatted(
                Math.ceilDiv(shape.outH(), ConvPlan.TILE),
                Math.ceilDiv(shape.outW(), ConvPlan.TILE));
  }

  private static List<String> kernels(Layer layer, Outline.Needs needs) {
    List<String> kernels = new ArrayList<>();
    for (ConvShape shape : needs.convolutions()) {
      kernels.add(explained(shape));
    }
    if (layer.plan().contains("shards")) {
      kernels.add(layer.plan() + ": their partial sums in all shards would be too large");
    }
    return kernels;
  }
}
