package plinius.benchmarks.peers;

import static org.bytedeco.pytorch.global.torch.batch_norm;
import static org.bytedeco.pytorch.global.torch.constant_pad_nd;
import static org.bytedeco.pytorch.global.torch.conv2d;
import static org.bytedeco.pytorch.global.torch.dropout;
import static org.bytedeco.pytorch.global.torch.leaky_relu_;
import static org.bytedeco.pytorch.global.torch.linear;
import static org.bytedeco.pytorch.global.torch.max_pool2d;
import static org.bytedeco.pytorch.global.torch.ones;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.bytedeco.pytorch.global.torch.relu_;
import static org.bytedeco.pytorch.global.torch.sigmoid_;
import static org.bytedeco.pytorch.global.torch.tanh_;
import static org.bytedeco.pytorch.global.torch.zeros;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import plinius.benchmarks.network.Task;
import plinius.darknet.cfg.Section;
import plinius.darknet.layer.Layer;
import plinius.darknet.layer.Shape;

/**
 * The network of a configuration in libtorch, each layer as its users write it: conv2d, batch_norm,
 * max_pool2d, dropout, linear, sums of residual blocks. Softmax and cost are the loss's part. What
 * has no such form is refused by name, and so is a layer that comes out in another shape here.
 */
final class LibtorchNetwork implements AutoCloseable {
  private static final TensorOptional NONE = new TensorOptional();
  private static final ScalarTypeOptional SAME = new ScalarTypeOptional();

  private final MemoryFormat format;
  private final boolean training;
  private final List<Layer> layers;
  private final List<Step> steps = new ArrayList<>();
  private final TensorVector parameters = new TensorVector();

  /** A layer's part of the way forward. */
  private interface Step {
    /** The output, for the layer's input and the outputs of all layers before it. */
    Tensor forward(Tensor x, List<Tensor> before);
  }

  LibtorchNetwork(Task task, MemoryFormat format) {
    this.format = format;
    training = task.work() == Task.Work.TRAIN;
    layers = task.layers();
    Section net = task.cfg().net();
    Shape in =
        new Shape(net.integer("height"), net.integer("width"), net.integer("channels"), true);
    for (Layer layer : layers) {
      steps.add(step(layer, in));
      in = layer.out();
    }
  }

  private Step step(Layer layer, Shape in) {
    Section section = layer.section();
    return switch (section.type()) {
      case "convolutional" -> convolution(section, in.c());
      case "connected" -> connected(section, in.count());
      case "maxpool" -> maxpool(section, in, layer.out());
      case "avgpool" -> (x, before) -> x.mean(both(2, 3), true, SAME);
      case "shortcut" -> shortcut(section, layer.index(), layer.out());
      case "dropout" -> {
        double probability = section.decimal("probability");
        yield (x, before) -> dropout(x, probability, training);
      }
      case "softmax" -> loss(section, !section.flag("spatial") && section.word("tree").isEmpty());
      case "cost" -> loss(section, follows(layer, "softmax"));
      default -> throw section.refuse("is not among the layers that are compared with libtorch.");
    };
  }

  private boolean follows(Layer layer, String type) {
    return layer.index() > 0 && layers.get(layer.index() - 1).section().type().equals(type);
  }

  /** The loss is cross entropy, which begins with the softmax. */
  private static Step loss(Section section, boolean crossEntropy) {
    if (!crossEntropy || (section.type().equals("softmax") && section.integer("groups") != 1)) {
      throw section.refuse("is no cross entropy, the one loss that is compared with libtorch.");
    }
    return (x, before) -> x;
  }

  private Step convolution(Section section, int channels) {
    int filters = section.integer("filters");
    int size = section.integer("size");
    int groups = section.integer("groups");
    long[] stride = both(section.integer("stride"));
    long[] pad = both(section.flag("pad") ? size / 2 : section.integer("padding"));
    if (section.flag("binary") || section.flag("xnor") || section.decimal("smooth") != 0) {
      throw section.refuse("is binary, or smoothed: not compared with libtorch.");
    }
    Tensor weights =
        weights(size * size * channels / groups, filters, channels / groups, size, size);
    TensorOptional biases = new TensorOptional(parameter(zeros(filters)));
    boolean normalized = section.flag("batch_normalize");
    UnaryOperator<Tensor> then = then(section, filters, biases);
    return (x, before) ->
        then.apply(conv2d(x, weights, normalized ? NONE : biases, stride, pad, both(1), groups));
  }

  private Step connected(Section section, int inputs) {
    int outputs = section.integer("output");
    Tensor weights = weights(inputs, outputs, inputs);
    TensorOptional biases = new TensorOptional(parameter(zeros(outputs)));
    boolean normalized = section.flag("batch_normalize");
    UnaryOperator<Tensor> then = then(section, outputs, biases);
    return (x, before) -> then.apply(linear(x.flatten(1, -1), weights, normalized ? NONE : biases));
  }

  private Tensor weights(int inputs, long... shape) {
    Tensor drawn = randn(shape).mul(new Scalar(Math.sqrt(2.0 / inputs)));
    return parameter(shape.length == 4 ? drawn.contiguous(format) : drawn);
  }

  /** Batch normalisation, if it is asked for, and the activation. */
  private UnaryOperator<Tensor> then(Section section, int channels, TensorOptional biases) {
    UnaryOperator<Tensor> activation = activation(section);
    if (!section.flag("batch_normalize")) {
      return activation;
    }
    TensorOptional scales = new TensorOptional(parameter(ones(channels)));
    TensorOptional mean = new TensorOptional(zeros(channels));
    TensorOptional variance = new TensorOptional(ones(channels));
    return x ->
        activation.apply(
            batch_norm(x, scales, biases, mean, variance, training, .01, .00001, true));
  }

  private static UnaryOperator<Tensor> activation(Section section) {
    return switch (section.word("activation")) {
      case "leaky" -> {
        Scalar slope = new Scalar(0.1);
        yield x -> leaky_relu_(x, slope);
      }
      case "relu" -> x -> relu_(x);
      case "logistic" -> x -> sigmoid_(x);
      case "tanh" -> x -> tanh_(x);
      case "linear" -> x -> x;
      default -> throw section.refuse("activation", "is not compared with libtorch.");
    };
  }

  /** Darknet pads by one number for both sides, less at the top and left. */
  private static Step maxpool(Section section, Shape in, Shape out) {
    int step = section.integer("stride");
    int size = section.has("size") ? section.integer("size") : step;
    int padding = section.has("padding") ? section.integer("padding") : size - 1;
    int pad = padding / 2;
    boolean whole = (in.h() + 2 * pad - size) / step + 1 < out.h();
    return (x, before) -> max_pool2d(x, both(size), both(step), both(pad), both(1), whole);
  }

  /** Of a larger image every so many pixels; channels that only one has are left out. */
  private Step shortcut(Section section, int index, Shape out) {
    if (section.decimal("alpha") != 1 || section.decimal("beta") != 1) {
      throw section.refuse("has factors, which are not compared with libtorch.");
    }
    int from = section.integer("from");
    int other = from < 0 ? index + from : from;
    Shape there = layers.get(other).out();
    if (there.c() > out.c() || there.h() < out.h() || there.w() < out.w()) {
      throw section.refuse("adds more channels or a smaller image: not compared with libtorch.");
    }
    int stride = there.h() / out.h();
    long[] pad = {0, 0, 0, 0, 0, out.c() - there.c()};
    UnaryOperator<Tensor> activation = activation(section);
    return (x, before) -> {
      Tensor added = before.get(other);
      for (int axis = 2; stride > 1 && axis < 4; axis++) {
        added = added.slice(axis, new LongOptional(0), new LongOptional(), stride);
      }
      return activation.apply(x.add(there.c() < out.c() ? constant_pad_nd(added, pad) : added));
    };
  }

  private Tensor parameter(Tensor values) {
    values.set_requires_grad(true);
    parameters.push_back(values);
    return values;
  }

  private static long[] both(long value) {
    return both(value, value);
  }

  private static long[] both(long first, long second) {
    return new long[] {first, second};
  }

  /** What training changes. */
  TensorVector parameters() {
    return parameters;
  }

  /** (images, values) before the softmax. */
  Tensor forward(Tensor images) {
    return outputs(images).getLast().flatten(1, -1);
  }

  private List<Tensor> outputs(Tensor images) {
    List<Tensor> outputs = new ArrayList<>();
    Tensor x = images;
    for (Step step : steps) {
      x = step.forward(x, outputs);
      outputs.add(x);
    }
    return outputs;
  }

  /** Refuses a layer whose output has not the shape that the configuration's has. */
  void requireShapes(Tensor images) {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      List<Tensor> outputs = outputs(images);
      for (Layer layer : layers) {
        Tensor output = outputs.get(layer.index());
        Shape out = layer.out();
        boolean same =
            output.dim() == 2
                ? output.size(1) == out.count()
                : output.size(1) == out.c()
                    && output.size(2) == out.h()
                    && output.size(3) == out.w();
        if (!same) {
          throw layer.section().refuse("makes " + out + ", and another shape in libtorch.");
        }
      }
    }
  }

  @Override
  public void close() {
    parameters.close();
  }
}
