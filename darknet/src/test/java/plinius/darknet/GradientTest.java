package plinius.darknet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.layer.CostLayer;
import plinius.darknet.layer.KeptLayers;
import plinius.darknet.layer.NamedTensor;
import plinius.kernel.CounterRandom;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;
import plinius.reference.FileTree;

/**
 * Each layer's backward against finite differences of the loss: along random directions in the
 * space of inputs and in that of each parameter tensor. The loss is softmax's cross entropy, whose
 * delta is exactly its negative gradient.
 */
final class GradientTest {
  private static final String HEAD =
      "[net]\nbatch=6\nheight=6\nwidth=5\nchannels=4\nlearning_rate=0.1\nmomentum=0\ndecay=0\n";
  private static final String SPLIT =
      "[convolutional]\nfilters=4\nsize=3\npad=1\nactivation=tanh\n";
  private static final String STEPS =
      "[net]\nbatch=4\ntime_steps=3\ninputs=5\nlearning_rate=0.1\nmomentum=0\ndecay=0\n";
  private static final String STEPS_OF_IMAGES =
      STEPS.replace("inputs=5", "height=3\nwidth=4\nchannels=2");
  private static final String TAIL = "[connected]\noutput=5\nactivation=linear\n[softmax]\n";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[convolutional]\nfilters=6\nsize=3\npad=1\nactivation=tanh\n",
        "[convolutional]\nfilters=6\nsize=3\nstride=2\ngroups=2\nactivation=loggy\n",
        "[convolutional]\nfilters=6\nsize=1\nstride=2\nactivation=elu\n",
        "[convolutional]\nfilters=6\nsize=5\npad=1\nbatch_normalize=1\nactivation=logistic\n",
        "[connected]\noutput=7\nactivation=selu\n",
        "[connected]\noutput=7\nbatch_normalize=1\nactivation=tanh\n",
        "[maxpool]\nsize=3\nstride=2\n",
        "[maxpool]\nsize=2\nstride=1\npadding=0\n",
        "[avgpool]\n",
        "[batchnorm]\n",
        "[activation]\nactivation=logistic\n",
        "[activation]\nactivation=leaky\n",
        "[convolutional]\nfilters=4\nactivation=logistic\n[dropout]\nprobability=.4\n",
        "[deconvolutional]\nfilters=3\nsize=3\nstride=2\npad=1\nactivation=tanh\n",
        "[deconvolutional]\nfilters=3\nsize=2\nbatch_normalize=1\nactivation=logistic\n",
        "[local]\nfilters=3\nsize=3\npad=1\nactivation=tanh\n",
        "[local]\nfilters=3\nsize=2\nstride=2\nactivation=elu\n",
        "[normalization]\nalpha=.05\nkappa=2\nsize=3\n",
        "[normalization]\nalpha=.1\nbeta=.6\nkappa=3\nsize=2\n",
        "[normalization]\nalpha=.1\nkappa=2\nsize=5\n",
        "[l2norm]\n",
        "[reorg]\nstride=1\nflatten=1\n",
        "[reorg]\nstride=2\nreverse=1\n",
        "[reorg]\nextra=7\n",
        "[upsample]\nstride=2\nscale=.5\n",
        "[upsample]\nstride=2\n[upsample]\nstride=-2\n",
        "[convolutional]\nfilters=4\nactivation=tanh\n[route]\nlayers=-1\n",
        // What a route or shortcut hands back must survive the layers that replaced deltas.
        SPLIT + "[convolutional]\nfilters=3\nactivation=tanh\n[route]\nlayers=-1,-2\n",
        SPLIT + "[activation]\nactivation=tanh\n[route]\nlayers=-1,-2\n",
        SPLIT + "[batchnorm]\n[shortcut]\nfrom=-2\nalpha=.7\nbeta=.4\nactivation=tanh\n",
        SPLIT + "[normalization]\nalpha=.1\nkappa=2\n[route]\nlayers=0,1\n",
        SPLIT + "[reorg]\n[shortcut]\nfrom=0\nalpha=.5\n",
        SPLIT
            + "[convolutional]\nfilters=3\nsize=1\n[shortcut]\nfrom=0\nalpha=.5\nbeta=2\n"
            + "[convolutional]\nfilters=6\nsize=1\n[shortcut]\nfrom=0\nalpha=.5\nbeta=2\n"
      })
  void backward_is_the_gradient_of_forward(String layers) {
    try (Workers workers = new Workers(2)) {
      Checked checked = new Checked(HEAD + layers + TAIL, workers);
      checked.input();
      checked.parameters();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[rnn]\noutput=6\nactivation=tanh\n",
        "[rnn]\noutput=6\nactivation=logistic\nshortcut=1\n",
        "[rnn]\noutput=5\nactivation=tanh\n[rnn]\noutput=4\nactivation=tanh\n",
        "[gru]\noutput=6\n",
        "[gru]\noutput=6\ntanh=1\n",
        "[lstm]\noutput=6\n",
        "[lstm]\noutput=4\n[gru]\noutput=5\n"
      })
  void backward_goes_through_time(String layers) {
    try (Workers workers = new Workers(2)) {
      Checked checked = new Checked(STEPS + layers + TAIL, workers);
      checked.input();
      checked.parameters();
    }
  }

  /** The gradient of the variance divides by N, the variance by N - 1: so many streams. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "[rnn]\noutput=6\nbatch_normalize=1\nactivation=tanh\n",
        "[rnn]\noutput=6\nbatch_normalize=1\nactivation=leaky\nshortcut=1\n",
        "[gru]\noutput=6\nbatch_normalize=1\n",
        "[gru]\noutput=6\nbatch_normalize=1\ntanh=1\n",
        "[lstm]\noutput=6\nbatch_normalize=1\n"
      })
  void backward_goes_through_time_and_normalisation(String layers) {
    try (Workers workers = new Workers(2)) {
      Checked checked = new Checked(STEPS.replace("batch=4", "batch=128") + layers + TAIL, workers);
      checked.input();
      checked.parameters();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[crnn]\nhidden_filters=3\noutput_filters=2\nactivation=tanh\n",
        "[crnn]\nhidden_filters=3\noutput_filters=2\nactivation=logistic\nshortcut=1\n",
        "[crnn]\nhidden_filters=3\noutput_filters=2\nactivation=tanh\nbatch_normalize=1\n"
      })
  void backward_goes_through_time_over_images(String layers) {
    try (Workers workers = new Workers(2)) {
      Checked checked = new Checked(STEPS_OF_IMAGES + layers + TAIL, workers);
      checked.input();
      checked.parameters();
    }
  }

  /**
   * The sums of all steps' shards are more than is set aside for sums; those of one step are not.
   */
  @Test
  void backward_goes_through_time_where_a_steps_sums_would_fit_and_the_batchs_do_not() {
    String head =
        STEPS
            .replace("batch=4\ntime_steps=3", "batch=2\ntime_steps=4")
            .replace("inputs=5", "height=8\nwidth=8\nchannels=192");
    String crnn = "[crnn]\nhidden_filters=192\noutput_filters=192\nactivation=tanh\n";
    try (Workers workers = new Workers(2)) {
      Checked checked = new Checked(head + crnn + TAIL, workers);
      checked.input();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[convolutional]\nfilters=64\nsize=3\npad=1\nactivation=tanh\n",
        "[convolutional]\nbatch_normalize=1\nfilters=32\nsize=3\npad=1\nactivation=logistic\n",
        "[convolutional]\nfilters=32\nsize=3\npadding=2\nactivation=elu\n"
      })
  void backward_is_the_gradient_of_forward_by_winograd_too(String layers) {
    String head = HEAD.replace("height=6\nwidth=5\nchannels=4", "height=8\nwidth=9\nchannels=32");
    try (Workers workers = new Workers(2)) {
      Checked checked = new Checked(head + layers + TAIL, workers);
      assertThat(checked.net.plan()).contains("WINOGRAD");
      checked.input();
      checked.parameters();
    }
  }

  /**
   * Squared errors have half their gradient as delta, absolute ones all of it; both as the
   * original.
   */
  @ParameterizedTest
  @CsvSource({
    "type=sse, 2",
    "type=smooth, 2",
    "type=L1, 1",
    "type=wgan, 1",
    "type=seg;noobj=.3, 2",
    "type=sse;smooth=.2, 2",
    "type=masked, 2",
  })
  void the_delta_of_a_cost_is_its_gradient(String options, int times) {
    try (Workers workers = new Workers(1)) {
      Checked checked =
          new Checked(
              HEAD
                  + "[connected]\noutput=7\nactivation=linear\n[cost]\n"
                  + options.replace(';', '\n')
                  + "\n",
              workers);
      Random random = new Random(3);
      for (int i = 0; i < checked.truth.length; i++) {
        checked.truth[i] = i % 3 == 0 ? 0 : (float) (3 * random.nextGaussian());
        if (options.equals("type=masked") && i % 4 == 1) {
          checked.truth[i] = CostLayer.MASKED;
        } else if (options.equals("type=wgan")) {
          checked.truth[i] = i % 3 == 0 ? 0 : 1;
        }
      }
      checked.times = times;
      checked.again();
      checked.input();
      checked.parameters();
    }
  }

  @Test
  void siblings_that_do_not_matter_have_no_part_in_the_gradient() {
    try (Workers workers = new Workers(1)) {
      Checked checked =
          new Checked(
              HEAD + "[connected]\noutput=5\nactivation=linear\n[softmax]\ntree=t\n", workers);
      for (int i = 0; i < checked.truth.length; i += 5) {
        boolean first = i % 2 == 0; // roots a, b; a's children c, d, e
        float below = first ? 0 : CostLayer.MASKED;
        float[] truth = {first ? 1 : 0, first ? 0 : 1, below, first ? 1 : below, below};
        System.arraycopy(truth, 0, checked.truth, i, 5);
      }
      checked.again();
      checked.input();
      checked.parameters();
    }
  }

  @Test
  void a_spatial_softmax_and_a_logistic_one_hand_their_gradient_back() {
    for (String last : List.of("[softmax]\nspatial=1\n", "[logistic]\n")) {
      try (Workers workers = new Workers(1)) {
        Checked checked =
            new Checked(HEAD + "[convolutional]\nfilters=3\nactivation=linear\n" + last, workers);
        int places = 6 * 5;
        for (int i = 0; i < checked.truth.length; i++) { // (c, h, w), one of three channels
          checked.truth[i] = i / places % 3 == i % places * 7 % 3 ? 1 : 0;
        }
        checked.again();
        checked.input();
        checked.parameters();
      }
    }
  }

  private static final class Checked {
    private final String cfg;
    private final Workers workers;
    private final float[] input;
    private final float[] truth;
    private final Network net;
    private final long seed = Long.getLong("test.seed", 11);
    private int times = 1; // the gradient, as a multiple of the delta

    Checked(String cfg, Workers workers) {
      this.cfg = cfg;
      this.workers = workers;
      net = network();
      Random random = new Random(seed);
      input = new float[net.input.length];
      for (int i = 0; i < input.length; i++) {
        input[i] = (float) random.nextGaussian();
      }
      truth = new float[net.truth.length];
      for (int i = 0; i < net.subBatch(); i++) {
        truth[i * net.truths() + random.nextInt(net.truths())] = 1;
      }
      cost(net, input);
    }

    /** With another truth. */
    void again() {
      for (NamedTensor tensor : net.state()) {
        if (tensor.name().endsWith("_updates")) {
          int from = tensor.offset();
          Arrays.fill(tensor.block(), from, from + tensor.count(), 0);
        }
      }
      cost(net, input);
    }

    private Network network() {
      return TestNetworks.inspected(
          Cfg.parse(cfg, "test.cfg", Map.of()),
          new NetworkOptions(
              Kernels.best(), workers, 5, true, name -> "a\nb\nc 0\nd 0\ne 0\n", FileTree::parse),
          new CounterRandom(5),
          KeptLayers::new);
    }

    private double cost(Network network, float[] x) {
      System.arraycopy(x, 0, network.input, 0, x.length);
      System.arraycopy(truth, 0, network.truth, 0, truth.length);
      network.setSeen(0);
      return network.forwardBackward();
    }

    void input() {
      float[] gradient = net.inputDelta;
      compare(
          "input",
          gradient,
          0,
          gradient.length,
          (direction, size) -> cost(network(), moved(direction, size)));
    }

    private float[] moved(float[] direction, double size) {
      float[] x = input.clone();
      for (int i = 0; i < x.length; i++) {
        x[i] += (float) (size * direction[i]);
      }
      return x;
    }

    void parameters() {
      float[] block = net.state().getFirst().block().clone();
      for (NamedTensor updates : net.state()) {
        String name = updates.name();
        if (!name.endsWith("_updates")) {
          continue;
        }
        String parameter =
            name.replace("weight_updates", "weights")
                .replace("bias_updates", "biases")
                .replace("scale_updates", "scales");
        NamedTensor values =
            net.state().stream().filter(t -> t.name().equals(parameter)).findFirst().orElseThrow();
        compare(
            parameter,
            block,
            updates.offset(),
            updates.count(),
            (direction, size) -> {
              Network other = network();
              float[] theirs = other.state().getFirst().block();
              for (int i = 0; i < direction.length; i++) {
                theirs[values.offset() + i] += (float) (size * direction[i]);
              }
              return cost(other, input);
            });
      }
    }

    private interface Moved {
      double cost(float[] direction, double size);
    }

    /** Along the gradient itself, and along two random directions: the slopes must agree. */
    private void compare(String what, float[] gradient, int at, int count, Moved moved) {
      Random random = new Random(seed + what.hashCode());
      double norm = 0;
      for (int i = 0; i < count; i++) {
        norm += (double) gradient[at + i] * gradient[at + i];
      }
      norm = Math.sqrt(norm);
      for (int trial = 0; trial < 3; trial++) {
        float[] direction = new float[count];
        double expected = 0;
        double length = 0;
        for (int i = 0; i < count; i++) {
          direction[i] =
              trial == 0 && norm > 1e-6
                  ? (float) (gradient[at + i] / norm)
                  : (float) (random.nextGaussian() / Math.sqrt(count));
          length += (double) direction[i] * direction[i];
          // Delta is the negative gradient.
          expected -= times * (double) gradient[at + i] * direction[i];
        }
        double step = 4e-3 / Math.sqrt(length);
        double slope = (moved.cost(direction, step) - moved.cost(direction, -step)) / (2 * step);

        assertThat(slope)
            .as("slope of the cost in %s, trial %d, seed %d, gradient %s", what, trial, seed, norm)
            .isCloseTo(expected, offset(.02 * norm + 4e-3));
      }
    }
  }
}
