package plinius.darknet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import plinius.darknet.cfg.Cfg;
import plinius.kernel.CounterRandom;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[crnn]\nhidden_filters=3\noutput_filters=2\nactivation=tanh\n",
        "[crnn]\nhidden_filters=3\noutput_filters=2\nactivation=logistic\nshortcut=1\n"
      })
  void backward_goes_through_time_over_images(String layers) {
    try (Workers workers = new Workers(2)) {
      Checked checked = new Checked(STEPS_OF_IMAGES + layers + TAIL, workers);
      checked.input();
      checked.parameters();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"sse", "L1", "smooth"})
  void the_delta_of_a_cost_points_downhill(String type) {
    try (Workers workers = new Workers(1)) {
      String cfg =
          "[net]\n"
              + "batch=4\n"
              + "inputs=6\n"
              + "learning_rate=.01\n"
              + "momentum=0\n"
              + "decay=0\n"
              + "[connected]\n"
              + "output=3\n"
              + "activation=linear\n"
              + "[cost]\n"
              + "type="
              + type
              + "\n";
      Network net = TestNetworks.build(cfg, Kernels.best(), workers, 3);
      BatchLoader loader =
          (position, images, input, truth) -> {
            Random random = new Random(1);
            for (int i = 0; i < input.length; i++) {
              input[i] = random.nextFloat() * 2 - 1;
            }
            for (int i = 0; i < truth.length; i++) {
              truth[i] = random.nextFloat() * 6 - 3;
            }
          };
      double first = net.trainIteration(loader);
      double last = first;
      for (int i = 0; i < 60; i++) {
        last = net.trainIteration(loader);
      }

      assertThat(last).isLessThan(first * .95);
    }
  }

  private static final class Checked {
    private final String cfg;
    private final Workers workers;
    private final float[] input;
    private final float[] truth;
    private final Network net;
    private final long seed = Long.getLong("test.seed", 11);

    Checked(String cfg, Workers workers) {
      this.cfg = cfg;
      this.workers = workers;
      net = network();
      Random random = new Random(seed);
      input = new float[net.input().length];
      for (int i = 0; i < input.length; i++) {
        input[i] = (float) random.nextGaussian();
      }
      truth = new float[net.truth().length];
      for (int i = 0; i < net.subBatch(); i++) {
        truth[i * net.truths() + random.nextInt(net.truths())] = 1;
      }
      cost(net, input);
    }

    private Network network() {
      return Network.build(
          Cfg.parse(cfg, "test.cfg", Map.of()),
          new NetworkOptions(Kernels.best(), workers, 5, Quirks.none(), true),
          new CounterRandom(5)::uniform,
          true);
    }

    private double cost(Network network, float[] x) {
      System.arraycopy(x, 0, network.input(), 0, x.length);
      System.arraycopy(truth, 0, network.truth(), 0, truth.length);
      network.setSeen(0);
      return network.forwardBackward();
    }

    void input() {
      float[] gradient = net.inputDelta();
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
          expected -= (double) gradient[at + i] * direction[i];
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
