package plinius.darknet.layer;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.cfg.Section;
import plinius.kernel.Activation;

/** Makes the layers that a configuration asks for (darknet parser.c at f6afaab). */
public class Layers {
  /** Layers that read the one before them block by block, and can be read so. */
  private static final Set<String> BLOCKS = Set.of("convolutional", "connected", "maxpool");

  final Shape net; // the network's input
  final NetworkOptions options;
  final Storage storage;
  final List<Layer> made = new ArrayList<>();

  /** Where a network's layers come from; {@code Layers::new} makes those of the product. */
  @FunctionalInterface
  public interface Maker {
    Layers begin(Shape net, NetworkOptions options, Storage storage);
  }

  /** Has made none yet. */
  public Layers(Shape net, NetworkOptions options, Storage storage) {
    this.net = net;
    this.options = options;
    this.storage = storage;
  }

  /** All layers, each reading what the one before it gives, the first the network's input. */
  public final List<Layer> of(CfgFile cfg) {
    List<Section> sections = cfg.layers();
    boolean chained = sections.stream().noneMatch(Layers::looksBack);
    for (int i = 0; i < sections.size(); i++) {
      Section section = sections.get(i);
      boolean chain = chained && i + 1 < sections.size() && chains(section, sections.get(i + 1));
      storage.next(chain, chain && readAgain(section, sections.get(i + 1)));
      try {
        made.add(layer(site(section)));
        storage.endLayer();
      } catch (ArithmeticException e) {
        throw section.refuse("makes an output of more than 2^31 values.");
      } catch (IllegalArgumentException e) { // of the shape of a convolution or a pooling
        throw section.refuse("cannot be computed: " + e.getMessage() + ".");
      }
    }
    return List.copyOf(made);
  }

  /** Whether a layer reads others than the one before it. */
  public static boolean looksBack(Section layer) {
    return layer.type().equals("route") || layer.type().equals("shortcut");
  }

  /** Whether a layer's output and delta matter to none but the one after it, block by block. */
  boolean chains(Section layer, Section after) {
    return BLOCKS.contains(layer.type())
        && BLOCKS.contains(after.type())
        && (!isConvolution(after) || ConvolutionalLayer.inBlocks(after))
        && !layer.flag("truth")
        && layer.decimal("smooth") == 0;
  }

  private static boolean isConvolution(Section layer) {
    return layer.type().equals("convolutional");
  }

  /** Whether an output in a chain is made again rather than kept, if its layer can do so. */
  private boolean readAgain(Section layer, Section after) {
    if (isConvolution(layer) && isConvolution(after)) {
      int channels = layer.integer("filters");
      return ConvolutionalLayer.updatesInBlocks(after, channels, storage.batch());
    }
    return isConvolution(layer) && after.type().equals("maxpool");
  }

  private Site site(Section section) {
    int index = made.size();
    Shape in = made.isEmpty() ? net : made.getLast().out();
    float rate = section.decimal("learning_rate");
    return new Site(index, 0, index + "." + section.type(), rate, section, in, this);
  }

  /** The layer of one section. */
  Layer layer(Site site) {
    return switch (site.section().type()) {
      case "convolutional" -> new ConvolutionalLayer(site);
      case "deconvolutional" -> new DeconvolutionalLayer(site);
      case "local" -> new LocalLayer(site);
      case "connected" -> new ConnectedLayer(site);
      case "batchnorm" -> new BatchnormLayer(site);
      case "normalization" -> new NormalizationLayer(site);
      case "l2norm" -> new L2normLayer(site);
      case "activation" -> new ActivationLayer(site);
      case "maxpool" -> new MaxpoolLayer(site);
      case "avgpool" -> new AvgpoolLayer(site);
      case "dropout" -> new DropoutLayer(site);
      case "crop" -> new CropLayer(site);
      case "route" -> new RouteLayer(site);
      case "shortcut" -> new ShortcutLayer(site);
      case "reorg" -> new ReorgLayer(site);
      case "upsample" -> new UpsampleLayer(site);
      case "rnn" -> RnnLayer.rnn(site);
      case "crnn" -> RnnLayer.crnn(site);
      case "gru" -> new GruLayer(site);
      case "lstm" -> new LstmLayer(site);
      case "softmax" -> new SoftmaxLayer(site);
      case "logistic" -> new LogisticLayer(site);
      case "cost" -> new CostLayer(site);
      case "region" -> new RegionLayer(site);
      case "yolo" -> new YoloLayer(site);
      case "detection" -> new DetectionLayer(site);
      case "iseg" -> new IsegLayer(site);
      default -> throw site.section().refuse("is not a layer.");
    };
  }

  /** What comes between a layer's weights and its output. */
  Biases biases(WeightedLayer layer, Activation activation) {
    return layer.section().flag("batch_normalize")
        ? new BatchNormalization(layer, activation)
        : new Biases(layer, activation);
  }
}
