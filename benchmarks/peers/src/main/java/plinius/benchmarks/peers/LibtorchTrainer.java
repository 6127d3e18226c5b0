package plinius.benchmarks.peers;

import static org.bytedeco.pytorch.global.torch.batch_norm;
import static org.bytedeco.pytorch.global.torch.conv2d;
import static org.bytedeco.pytorch.global.torch.cross_entropy_loss;
import static org.bytedeco.pytorch.global.torch.dropout;
import static org.bytedeco.pytorch.global.torch.leaky_relu_;
import static org.bytedeco.pytorch.global.torch.max_pool2d;
import static org.bytedeco.pytorch.global.torch.ones;
import static org.bytedeco.pytorch.global.torch.rand;
import static org.bytedeco.pytorch.global.torch.randint;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.bytedeco.pytorch.global.torch.relu_;
import static org.bytedeco.pytorch.global.torch.set_num_threads;
import static org.bytedeco.pytorch.global.torch.zeros;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import plinius.benchmarks.train.Trainer;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.cfg.Section;

/**
 * The network of a configuration in libtorch (f32) as its users write it: conv2d, batch_norm,
 * leaky_relu, max_pool2d, cross entropy, SGD with momentum and decay. Other layers are refused.
 */
final class LibtorchTrainer implements Trainer {
  private static final TensorOptional NONE = new TensorOptional();

  private final MemoryFormat format;
  private final int threads;
  private final List<UnaryOperator<Tensor>> layers = new ArrayList<>();
  private final TensorVector parameters = new TensorVector();
  private final Tensor images;
  private final Tensor labels;
  private final SGD descent;

  LibtorchTrainer(CfgFile cfg, boolean channelsLast, int threads) {
    format = channelsLast ? MemoryFormat.ChannelsLast : MemoryFormat.Contiguous;
    this.threads = threads;
    Section net = cfg.net();
    int batch = net.integer("batch") / net.integer("subdivisions");
    int channels = net.integer("channels");
    images = rand(batch, channels, net.integer("height"), net.integer("width")).contiguous(format);
    for (Section section : cfg.layers()) {
      channels = add(section, channels);
    }
    labels = randint(channels, new long[] {batch});
    SGDOptions options = new SGDOptions(net.decimal("learning_rate") / 100);
    options.momentum().put(net.decimal("momentum"));
    options.weight_decay().put(net.decimal("decay"));
    descent = new SGD(parameters, options);
  }

  /** Adds a layer over so many channels; returns how many it makes. */
  private int add(Section section, int channels) {
    switch (section.type()) {
      case "convolutional" -> {
        return addConvolution(section, channels);
      }
      case "maxpool" -> {
        int step = section.integer("stride");
        long[] size = both(section.has("size") ? section.integer("size") : step);
        layers.add(x -> max_pool2d(x, size, both(step), both(0), both(1), true));
      }
      case "avgpool" -> layers.add(x -> x.mean(2, 3));
      case "dropout" -> {
        double probability = section.decimal("probability");
        layers.add(x -> dropout(x, probability, true));
      }
      case "softmax", "cost" -> {} // the loss is cross entropy
      default -> throw section.refuse("is not among the layers that are compared with libtorch.");
    }
    return channels;
  }

  private int addConvolution(Section section, int channels) {
    int filters = section.integer("filters");
    int size = section.integer("size");
    long[] stride = both(section.integer("stride"));
    long[] pad = both(section.flag("pad") ? size / 2 : section.integer("padding"));
    double scale = Math.sqrt(2.0 / (size * size * channels));
    Tensor weights =
        parameter(randn(filters, channels, size, size).mul(new Scalar(scale)).contiguous(format));
    TensorOptional biases = new TensorOptional(parameter(zeros(filters)));
    boolean normalize = section.flag("batch_normalize");
    layers.add(x -> conv2d(x, weights, normalize ? NONE : biases, stride, pad, both(1), 1));
    if (normalize) {
      TensorOptional scales = new TensorOptional(parameter(ones(filters)));
      TensorOptional mean = new TensorOptional(zeros(filters));
      TensorOptional variance = new TensorOptional(ones(filters));
      layers.add(x -> batch_norm(x, scales, biases, mean, variance, true, .01, .00001, true));
    }
    switch (section.word("activation")) {
      case "leaky" -> {
        Scalar slope = new Scalar(0.1);
        layers.add(x -> leaky_relu_(x, slope));
      }
      case "relu" -> layers.add(x -> relu_(x));
      case "linear" -> {}
      default -> throw section.refuse("activation", "is not compared with libtorch.");
    }
    return filters;
  }

  private Tensor parameter(Tensor values) {
    values.set_requires_grad(true);
    parameters.push_back(values);
    return values;
  }

  private static long[] both(long value) {
    return new long[] {value, value};
  }

  @Override
  public String implementation() {
    return "libtorch";
  }

  @Override
  public String variant() {
    return format == MemoryFormat.ChannelsLast ? "channels_last" : "nchw";
  }

  @Override
  public void iterate() {
    set_num_threads(threads);
    try (PointerScope iteration = new PointerScope()) {
      Tensor x = images;
      for (UnaryOperator<Tensor> layer : layers) {
        x = layer.apply(x);
      }
      descent.zero_grad();
      cross_entropy_loss(x, labels).backward();
      descent.step();
    }
  }

  @Override
  public void close() {
    descent.close();
    parameters.close();
  }
}
