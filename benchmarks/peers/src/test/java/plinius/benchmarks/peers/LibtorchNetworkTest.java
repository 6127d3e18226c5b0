package plinius.benchmarks.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.bytedeco.pytorch.global.torch.cross_entropy_loss;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.benchmarks.network.Contender;
import plinius.benchmarks.network.Task;
import plinius.benchmarks.network.Task.Work;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgException;
import plinius.darknet.layer.Layer;
import plinius.darknet.layer.NamedTensor;
import plinius.darknet.layer.Shape;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/** What is measured is the same network: with our weights libtorch has our losses and gradients. */
class LibtorchNetworkTest {
  private static final int BATCH = 6;
  private static final int SIDE = 12;
  private static final int CHANNELS = 3;
  private static final int CLASSES = 5;

  /** All layers that train, but dropout, which draws; the weights' change is the gradient. */
  private static final String CFG =
      """
      [net]
      batch=6
      subdivisions=1
      height=12
      width=12
      channels=3
      learning_rate=1
      momentum=0
      decay=0
      policy=constant
      max_batches=10

      [convolutional]
      filters=8
      size=3
      stride=1
      pad=1
      batch_normalize=0
      activation=leaky

      [convolutional]
      filters=8
      groups=2
      size=3
      stride=1
      pad=1
      batch_normalize=0
      activation=tanh

      [shortcut]
      from=-2
      activation=relu

      [maxpool]
      size=2
      stride=2

      [convolutional]
      filters=12
      size=3
      stride=2
      pad=1
      batch_normalize=0
      activation=logistic

      [shortcut]
      from=-2
      activation=linear

      [connected]
      output=10
      batch_normalize=0
      activation=leaky

      [connected]
      output=5
      activation=linear

      [softmax]
      """;

  private final Random random = new Random(3);
  private final float[] images = new float[BATCH * SIDE * SIDE * CHANNELS];
  private final float[] truths = new float[BATCH * CLASSES];
  private final int[] labels = new int[BATCH];

  LibtorchNetworkTest() {
    for (int i = 0; i < images.length; i++) {
      images[i] = random.nextFloat();
    }
    for (int i = 0; i < BATCH; i++) {
      labels[i] = random.nextInt(CLASSES);
      truths[i * CLASSES + labels[i]] = 1;
    }
  }

  private static Task task(String cfg, Work work) {
    return new Task(Cfg.parse(cfg, "test.cfg", Map.of()), work, 1);
  }

  private Tensor torchImages(MemoryFormat format) {
    return Tensor.create(images, BATCH, SIDE, SIDE, CHANNELS)
        .permute(0, 3, 1, 2)
        .contiguous(format);
  }

  private Tensor torchLabels() {
    long[] wide = new long[BATCH];
    for (int i = 0; i < BATCH; i++) {
      wide[i] = labels[i];
    }
    return Tensor.create(wide);
  }

  /** Our tensors that libtorch has too, in its order. */
  private static List<NamedTensor> shared(Network network) {
    Map<String, NamedTensor> byName =
        network.state().stream().collect(Collectors.toMap(NamedTensor::name, each -> each));
    List<NamedTensor> shared = new ArrayList<>();
    for (Layer layer : network.layers()) {
      for (String part : List.of("weights", "biases", "scales")) {
        NamedTensor tensor =
            byName.get("%d.%s.%s".formatted(layer.index(), layer.section().type(), part));
        if (tensor != null) {
          shared.add(tensor);
        }
      }
    }
    return shared;
  }

  /** The shape in front of each connected layer, whose inputs libtorch has by channel. */
  private static Shape before(Network network, NamedTensor tensor) {
    int layer = Integer.parseInt(tensor.name().substring(0, tensor.name().indexOf('.')));
    return network.layers().get(layer - 1).out();
  }

  private static Tensor inTheirOrder(Network network, NamedTensor tensor, float[] block) {
    float[] values = new float[tensor.count()];
    System.arraycopy(block, tensor.offset(), values, 0, values.length);
    int[] shape = tensor.shape();
    if (shape.length == 4) {
      return Tensor.create(values, shape[0], shape[1], shape[2], shape[3]).permute(3, 2, 0, 1);
    }
    if (shape.length == 2) {
      Shape in = before(network, tensor);
      return Tensor.create(values, in.h(), in.w(), in.c(), shape[1])
          .permute(3, 2, 0, 1)
          .flatten(1, -1);
    }
    return Tensor.create(values);
  }

  private static void copy(Network from, LibtorchNetwork to) {
    List<NamedTensor> shared = shared(from);
    TensorVector parameters = to.parameters();
    assertThat(parameters.size()).isEqualTo(shared.size());
    try (NoGradGuard _ = new NoGradGuard()) {
      for (int i = 0; i < shared.size(); i++) {
        NamedTensor tensor = shared.get(i);
        parameters.get(i).copy_(inTheirOrder(from, tensor, tensor.block()));
      }
    }
  }

  private static float[] floats(Tensor tensor) {
    Tensor dense = tensor.contiguous();
    float[] values = new float[(int) dense.numel()];
    new FloatPointer(dense.data_ptr_float()).get(values);
    return values;
  }

  private static void assertAlike(float[] theirs, float[] ours, double share, String what) {
    assertThat(theirs).hasSameSizeAs(ours);
    float largest = 0;
    for (float value : ours) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertThat(largest).as("%s says something", what).isPositive();
    for (int i = 0; i < ours.length; i++) {
      assertThat(theirs[i])
          .as("%s [%d]", what, i)
          .isCloseTo(ours[i], within((float) (share * largest)));
    }
  }

  /** One iteration of both; {@code share} of the largest gradient is how far they may differ. */
  private void compareTraining(String cfg, MemoryFormat format, double share) {
    Task task = task(cfg, Work.TRAIN);
    try (Workers workers = new Workers(1);
        PointerScope _ = new PointerScope();
        LibtorchNetwork theirs = new LibtorchNetwork(task, format)) {
      Network ours =
          Network.build(task.cfg(), new NetworkOptions(Kernels.best(), workers, 1, true));
      copy(ours, theirs);
      float[] before = ours.state().getFirst().block().clone();
      double loss =
          ours.trainIteration(
              (_, _, input, truth) -> {
                System.arraycopy(images, 0, input, 0, images.length);
                System.arraycopy(truths, 0, truth, 0, truths.length);
              });

      Tensor cost = cross_entropy_loss(theirs.forward(torchImages(format)), torchLabels());
      cost.backward();

      assertThat(cost.item_float()).isCloseTo((float) loss, within((float) (share * loss)));
      List<NamedTensor> shared = shared(ours);
      for (int i = 0; i < shared.size(); i++) {
        NamedTensor tensor = shared.get(i);
        float[] change = before.clone();
        for (int j = tensor.offset(); j < tensor.offset() + tensor.count(); j++) {
          change[j] -= tensor.block()[j];
        }
        float[] gradient = floats(inTheirOrder(ours, tensor, change));
        assertAlike(floats(theirs.parameters().get(i).grad()), gradient, share, tensor.name());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = MemoryFormat.class,
      names = {"ChannelsLast", "Contiguous"})
  void a_training_step_has_our_loss_and_our_gradients(MemoryFormat format) {
    compareTraining(CFG, format, 2e-4);
  }

  /** Darknet's variance has one value less in its divisor: of 6 x 12 x 12 one in 863. */
  @Test
  void so_it_has_with_normalised_batches_but_for_their_variance() {
    String normalised =
        CFG.replaceFirst("batch_normalize=0", "batch_normalize=1")
            .replace("activation=tanh", "activation=linear");
    compareTraining(normalised, MemoryFormat.ChannelsLast, 1e-2);
  }

  @Test
  void a_prediction_is_ours() {
    Task task = task(CFG, Work.INFER);
    try (Workers workers = new Workers(1);
        PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard();
        LibtorchNetwork theirs = new LibtorchNetwork(task, MemoryFormat.ChannelsLast)) {
      Network ours =
          Network.build(task.cfg(), new NetworkOptions(Kernels.best(), workers, 1, false));
      copy(ours, theirs);

      float[] said = floats(theirs.forward(torchImages(MemoryFormat.ChannelsLast)).softmax(1));

      assertAlike(said, ours.predict(images, BATCH), 1e-5, "prediction");
    }
  }

  @Test
  void so_it_has_behind_an_average_of_each_channel() {
    String connected = "[connected]\noutput=10\nbatch_normalize=0\nactivation=leaky";
    assertThat(CFG).contains(connected);
    compareTraining(CFG.replace(connected, "[avgpool]"), MemoryFormat.ChannelsLast, 2e-4);
  }

  @Test
  void the_pooling_of_either_has_the_same_shape_with_overhanging_windows() {
    String overhanging = CFG.replace("[maxpool]\nsize=2", "[maxpool]\nsize=3");
    assertThat(overhanging).isNotEqualTo(CFG);
    compareTraining(overhanging, MemoryFormat.ChannelsLast, 2e-4);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "activation=tanh | activation=elu | activation=elu is not compared",
        "groups=2 | xnor=1 | is binary, or smoothed",
        "[maxpool];size=2;stride=2 | [lrn] | is not among the layers",
        "from=-2 | from=-2;alpha=.5 | has factors",
        "[softmax] | [cost] | is no cross entropy",
        "[softmax] | [softmax];groups=5 | is no cross entropy",
      })
  void what_libtorch_has_no_such_layer_for_is_refused_by_name(
      String part, String other, String reason) {
    String cfg = CFG.replace(part.replace(';', '\n'), other.replace(';', '\n'));

    assertThatThrownBy(() -> new LibtorchNetwork(task(cfg, Work.TRAIN), MemoryFormat.Contiguous))
        .isInstanceOf(CfgException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void a_contender_iterates_in_both_layouts() {
    for (Work work : Work.values()) {
      List<String> variants = new ArrayList<>();
      for (Contender contender : new LibtorchMaker().make(task(CFG, work))) {
        contender.iterate();
        variants.add(contender.implementation() + " " + contender.variant());
        contender.close();
      }
      assertThat(variants).containsExactly("libtorch channels_last", "libtorch nchw");
    }
  }
}
