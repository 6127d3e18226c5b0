package plinius.darknet;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.cfg.Section;
import plinius.darknet.layer.ActivationLayer;
import plinius.darknet.layer.AvgpoolLayer;
import plinius.darknet.layer.BatchnormLayer;
import plinius.darknet.layer.ConnectedLayer;
import plinius.darknet.layer.ConvolutionalLayer;
import plinius.darknet.layer.CostLayer;
import plinius.darknet.layer.CropLayer;
import plinius.darknet.layer.DeconvolutionalLayer;
import plinius.darknet.layer.DetectionLayer;
import plinius.darknet.layer.DropoutLayer;
import plinius.darknet.layer.GruLayer;
import plinius.darknet.layer.IsegLayer;
import plinius.darknet.layer.L2normLayer;
import plinius.darknet.layer.Layer;
import plinius.darknet.layer.LayerCommon;
import plinius.darknet.layer.LocalLayer;
import plinius.darknet.layer.LogisticLayer;
import plinius.darknet.layer.LstmLayer;
import plinius.darknet.layer.MaxpoolLayer;
import plinius.darknet.layer.NormalizationLayer;
import plinius.darknet.layer.RegionLayer;
import plinius.darknet.layer.ReorgLayer;
import plinius.darknet.layer.RnnLayer;
import plinius.darknet.layer.RouteLayer;
import plinius.darknet.layer.Shape;
import plinius.darknet.layer.ShortcutLayer;
import plinius.darknet.layer.SoftmaxLayer;
import plinius.darknet.layer.Storage;
import plinius.darknet.layer.Tree;
import plinius.darknet.layer.UpsampleLayer;
import plinius.darknet.layer.YoloLayer;

/** Makes the layers that a configuration asks for (darknet parser.c at f6afaab). */
final class Layers {
  private static final float[] NOTHING = {};

  private final Shape net;
  private final Quirks quirks;
  private final UnaryOperator<String> files;
  private final Storage storage;
  private final List<Layer> made = new ArrayList<>();

  private Layers(Shape net, NetworkOptions options, Storage storage) {
    this.net = net;
    this.quirks = options.quirks();
    this.files = options.files();
    this.storage = storage;
  }

  /**
   * All layers, each reading what the one before it gives, the first the network's input.
   *
   * @param inspected whether each layer's output and delta must still be there after a pass
   */
  static List<Layer> of(
      CfgFile cfg, Shape in, NetworkOptions options, Storage storage, boolean inspected) {
    Layers layers = new Layers(in, options, storage);
    List<Section> sections = cfg.layers();
    boolean chained =
        !inspected
            && sections.stream()
                .noneMatch(s -> s.type().equals("route") || s.type().equals("shortcut"));
    for (int i = 0; i < sections.size(); i++) {
      Section section = sections.get(i);
      boolean chain =
          chained && i + 1 < sections.size() && layers.chains(section, sections.get(i + 1));
      storage.next(chain, chain && layers.readAgain(section, sections.get(i + 1)));
      try {
        layers.made.add(layers.layer(section));
        storage.endLayer();
      } catch (ArithmeticException e) {
        throw section.refuse("makes an output of more than 2^31 values.");
      }
    }
    return List.copyOf(layers.made);
  }

  /** Whether a layer's output and delta matter to none but the one after it, block by block. */
  private boolean chains(Section layer, Section after) {
    boolean plain =
        switch (layer.type()) {
          case "convolutional", "connected", "maxpool" -> true;
          default -> false;
        };
    boolean blocks =
        switch (after.type()) {
          case "convolutional" -> ConvolutionalLayer.inBlocks(after, quirks);
          case "connected", "maxpool" -> true;
          default -> false;
        };
    return plain && blocks && !layer.flag("truth") && layer.decimal("smooth") == 0;
  }

  /** Whether an output in a chain is made again rather than kept, if its layer can do so. */
  private boolean readAgain(Section layer, Section after) {
    return switch (layer.type()) {
      case "convolutional" -> readAgain(layer.integer("filters"), after);
      default -> false;
    };
  }

  private boolean readAgain(int channels, Section after) {
    return switch (after.type()) {
      case "convolutional" -> ConvolutionalLayer.updatesInBlocks(after, channels, storage.batch());
      case "maxpool" -> true;
      default -> false;
    };
  }

  private Layer layer(Section section) {
    LayerCommon common = LayerCommon.of(made.size(), section);
    Shape in = made.isEmpty() ? net : made.getLast().out();
    return switch (section.type()) {
      case "convolutional" -> new ConvolutionalLayer(common, section, in, quirks, storage);
      case "deconvolutional" -> new DeconvolutionalLayer(common, section, in, quirks, storage);
      case "local" -> new LocalLayer(common, section, in, quirks, storage);
      case "connected" -> new ConnectedLayer(common, section, in, storage);
      case "batchnorm" -> new BatchnormLayer(common, in, quirks, storage);
      case "normalization" -> new NormalizationLayer(common, section, in, quirks, storage);
      case "l2norm" -> new L2normLayer(common, section, in, quirks, storage);
      case "activation" -> new ActivationLayer(common, section, in, storage);
      case "maxpool" -> new MaxpoolLayer(common, section, in, storage);
      case "avgpool" -> new AvgpoolLayer(common, section, in, storage);
      case "dropout" -> {
        float[] output = made.isEmpty() ? NOTHING : made.getLast().output();
        float[] delta = made.isEmpty() ? NOTHING : made.getLast().delta();
        yield new DropoutLayer(common, section, in, output, delta, quirks, storage);
      }
      case "crop" -> new CropLayer(common, section, in, storage);
      case "route" -> new RouteLayer(common, section, made, storage);
      case "shortcut" -> new ShortcutLayer(common, section, in, made, quirks, storage);
      case "reorg" -> new ReorgLayer(common, section, in, storage);
      case "upsample" -> new UpsampleLayer(common, section, in, storage);
      case "rnn" -> RnnLayer.rnn(common, section, in, quirks, storage);
      case "crnn" -> RnnLayer.crnn(common, section, in, quirks, storage);
      case "gru" -> new GruLayer(common, section, in, quirks, storage);
      case "lstm" -> new LstmLayer(common, section, in, quirks, storage);
      case "softmax" ->
          new SoftmaxLayer(common, section, in, Tree.of(section, files), quirks, storage);
      case "logistic" -> new LogisticLayer(common, in, storage);
      case "cost" -> new CostLayer(common, section, in, quirks, storage);
      case "region" -> new RegionLayer(common, section, in, files, quirks, storage);
      case "yolo" -> new YoloLayer(common, section, in, net, files, quirks, storage);
      case "detection" -> new DetectionLayer(common, section, in, storage);
      case "iseg" -> new IsegLayer(common, section, in, storage);
      default -> throw section.refuse("is not a layer.");
    };
  }
}
