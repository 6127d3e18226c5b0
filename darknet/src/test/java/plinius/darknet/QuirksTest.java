package plinius.darknet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.layer.CostLayer;
import plinius.darknet.layer.Layer;
import plinius.darknet.layer.NamedTensor;
import plinius.darknet.layer.OriginalLayers;
import plinius.darknet.layer.Quirk;
import plinius.kernel.CounterRandom;
import plinius.kernel.Draws;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;
import plinius.reference.FileTree;

/**
 * Each defect of the original alone: repaired in the product, and there on request in the layers
 * that the golden vectors are run with. That all of them together give the original's numbers is
 * what {@link GoldenVectorsTest} shows.
 */
final class QuirksTest {
  private static final String FLAT = "[net]\nbatch=2\ninputs=4\nlearning_rate=.1\n";
  private static final String IMAGE =
      "[net]\nbatch=2\nheight=4\nwidth=4\nchannels=2\nlearning_rate=.1\n";
  private static final String STEPS =
      "[net]\nbatch=2\ntime_steps=3\ninputs=4\nlearning_rate=.1\nmomentum=0\ndecay=0\n";
  private static final String STEPS_OF_IMAGES =
      "[net]\nbatch=1\ntime_steps=2\nheight=3\nwidth=2\nchannels=2\nlearning_rate=.1\n";
  private static final String TREE = "a\nb\nc 0\nd 0\n";

  @TestFactory
  Stream<DynamicTest> every_defect_is_repaired_by_default_and_there_on_request() {
    return Arrays.stream(Quirk.values())
        .map(quirk -> DynamicTest.dynamicTest(quirk.name(), shown(quirk)));
  }

  /** A quirk without a test does not compile. */
  private static Executable shown(Quirk quirk) {
    return switch (quirk) {
      case CONV1X1_IGNORES_STRIDE_AND_PADDING -> QuirksTest::conv1x1;
      case DELTA_REPLACED -> QuirksTest::deltaReplaced;
      case DROPOUT_IN_PLACE -> QuirksTest::dropoutInPlace;
      case BATCHNORM_NEVER_LEARNS -> () -> learns(quirk, IMAGE + "[batchnorm]\n[cost]\n", "scales");
      case BATCHNORM_OF_LAST_STEP -> QuirksTest::batchnormOfLastStep;
      case BINARY_FORWARD_ONLY -> QuirksTest::binary;
      case LOCAL_INITIALISES_FIRST_PLACE -> QuirksTest::localInitialises;
      case LRN_APPROXIMATE_DELTA -> QuirksTest::lrn;
      case L2NORM_AS_IS -> QuirksTest::l2norm;
      case SHORTCUT_ALPHA_EVERYWHERE -> QuirksTest::shortcutAlpha;
      case SMOOTH_L1_SIGN -> QuirksTest::smoothL1;
      case TREE_TRUTH_NOT_MASKED -> QuirksTest::treeTruth;
      case REGION_PASSES_NO_DELTA -> QuirksTest::regionDelta;
      case REGION_MASKS_LINEAR -> QuirksTest::regionMasks;
      case REGION_TREE_NAN -> QuirksTest::regionTree;
      case RNN_DELTA_FOLDED_TWICE -> QuirksTest::rnnFolded;
      case RNN_SHORTCUT_FORGOTTEN -> QuirksTest::rnnShortcut;
      case CRNN_SWAPS_SIDES -> QuirksTest::crnnSides;
      case CRNN_NEVER_LEARNS ->
          () ->
              learns(
                  quirk,
                  STEPS_OF_IMAGES
                      + "[crnn]\nhidden_filters=2\noutput_filters=2\nactivation=tanh\n[cost]\n",
                  "weights");
      case GRU_NOT_TRAINED -> () -> learns(quirk, STEPS + "[gru]\noutput=3\n[cost]\n", "weights");
      case LSTM_STALE_STEPS -> QuirksTest::lstm;
      case SIGMOID_UNDERFLOW -> QuirksTest::sigmoid;
      case POLY_PAST_MAX_BATCHES -> QuirksTest::poly;
      case GPU_ONLY_OPTIONS_IGNORED -> QuirksTest::gpuOnly;
    };
  }

  private static Network net(String cfg, Quirk... on) {
    return net(cfg, new CounterRandom(7), on);
  }

  private static Network net(String cfg, Draws draws, Quirk... on) {
    NetworkOptions options =
        new NetworkOptions(Kernels.best(), new Workers(1), 3, true, name -> TREE, FileTree::parse);
    Set<Quirk> quirks = Set.of(on);
    CfgFile looked = Cfg.parse(OriginalLayers.cfg(cfg, quirks), "test.cfg", Map.of());
    Network net = TestNetworks.inspected(looked, options, draws, OriginalLayers.with(quirks));
    Random random = new Random(5);
    for (int i = 0; i < net.input.length; i++) {
      net.input[i] = random.nextFloat() * 2 - 1;
    }
    for (int i = 0; i < net.truth.length; i++) {
      net.truth[i] = random.nextFloat();
    }
    return net;
  }

  /** A network after a forward and a backward pass. */
  private static Network passed(String cfg, Quirk... on) {
    Network net = net(cfg, on);
    net.forwardBackward();
    return net;
  }

  private static Layer layer(Network net, int index) {
    return net.layers().get(index);
  }

  private static float[] state(Network net, String suffix) {
    NamedTensor tensor =
        net.state().stream().filter(t -> t.name().endsWith(suffix)).findFirst().orElseThrow();
    return Arrays.copyOfRange(tensor.block(), tensor.offset(), tensor.offset() + tensor.count());
  }

  private static void set(Network net, String suffix, float value) {
    NamedTensor tensor =
        net.state().stream().filter(t -> t.name().endsWith(suffix)).findFirst().orElseThrow();
    Arrays.fill(tensor.block(), tensor.offset(), tensor.offset() + tensor.count(), value);
  }

  private static void learns(Quirk quirk, String cfg, String tensor) {
    for (boolean repaired : new boolean[] {true, false}) {
      Network net = repaired ? net(cfg) : net(cfg, quirk);
      float[] before = state(net, tensor);
      net.forwardBackward();
      net.update();
      if (repaired) {
        assertThat(state(net, tensor)).isNotEqualTo(before);
      } else {
        assertThat(state(net, tensor)).isEqualTo(before);
      }
    }
  }

  private static void conv1x1() {
    String cfg =
        """
        [net]
        height=4
        width=4
        channels=1
        [convolutional]
        filters=1
        size=1
        stride=2
        activation=linear
        [cost]
        """;
    Network repaired = net(cfg);
    Network original = net(cfg, Quirk.CONV1X1_IGNORES_STRIDE_AND_PADDING);
    for (Network net : new Network[] {repaired, original}) {
      set(net, "weights", 1);
      for (int i = 0; i < 16; i++) {
        net.input[i] = i;
      }
      net.forwardBackward();
    }

    assertThat(layer(repaired, 0).output()).containsExactly(0, 2, 8, 10);
    assertThat(layer(original, 0).output()).containsExactly(0, 1, 2, 3);
  }

  private static void deltaReplaced() {
    String cfg =
        IMAGE
            + "[convolutional]\nfilters=2\nsize=3\npad=1\nactivation=linear\n"
            + "[activation]\nactivation=linear\n[route]\nlayers=0,1\n[cost]\n";
    Network repaired = passed(cfg);
    Network original = passed(cfg, Quirk.DELTA_REPLACED);

    float[] routed = layer(repaired, 2).delta(); // for each place: layer 0's, layer 1's
    for (int i = 0; i < layer(repaired, 0).delta().length; i++) {
      float own = routed[i / 2 * 4 + i % 2];
      float through = routed[i / 2 * 4 + 2 + i % 2];
      assertThat(layer(repaired, 0).delta()[i]).isEqualTo(own + through);
      assertThat(layer(original, 0).delta()[i]).isEqualTo(through);
    }
  }

  private static void dropoutInPlace() {
    String cfg =
        FLAT + "[connected]\noutput=6\nactivation=logistic\n[dropout]\nprobability=.5\n[cost]\n";
    Draws everyOther = (purpose, iteration, index) -> index % 2 == 0 ? .2f : .8f;
    Network repaired = net(cfg, everyOther);
    Network original = net(cfg, everyOther, Quirk.DROPOUT_IN_PLACE);
    repaired.forwardBackward();
    original.forwardBackward();

    for (int i = 0; i < 12; i++) {
      float y = layer(repaired, 0).output()[i];
      float kept = i % 2 == 0 ? 0 : 2 * y;
      assertThat(layer(repaired, 1).output()[i]).isEqualTo(kept);
      assertThat(layer(original, 0).output()[i]).isEqualTo(kept);
      float back = i % 2 == 0 ? 0 : 2 * layer(repaired, 2).delta()[i];
      assertThat(layer(repaired, 0).delta()[i]).isCloseTo(back * y * (1 - y), offset(1e-6f));
      assertThat(layer(original, 0).delta()[i]).isCloseTo(back * kept * (1 - kept), offset(1e-6f));
    }
  }

  private static void batchnormOfLastStep() {
    String layers = "[rnn]\noutput=3\nbatch_normalize=1\nactivation=tanh\n[cost]\n";
    Network repaired = passed(STEPS + layers);
    Network original = passed(STEPS + layers, Quirk.BATCHNORM_OF_LAST_STEP);
    String oneStep = STEPS.replace("time_steps=3", "time_steps=1");

    assertThat(repaired.inputDelta).isNotEqualTo(original.inputDelta);
    int last = 2 * 2 * 4; // the last step of the input layer is normalised alike
    assertThat(Arrays.copyOfRange(repaired.inputDelta, last, last + 8))
        .isEqualTo(Arrays.copyOfRange(original.inputDelta, last, last + 8));
    assertThat(passed(oneStep + layers).inputDelta)
        .isEqualTo(passed(oneStep + layers, Quirk.BATCHNORM_OF_LAST_STEP).inputDelta);
  }

  private static void binary() {
    String cfg =
        """
        [net]
        height=1
        width=1
        channels=4
        [convolutional]
        filters=1
        activation=linear
        binary=1
        [cost]
        """;
    for (boolean xnor : new boolean[] {false, true}) {
      String asked = xnor ? cfg.replace("binary", "xnor") : cfg;
      Network repaired = passed(asked);
      Network original = passed(asked, Quirk.BINARY_FORWARD_ONLY);
      float[] weights = state(repaired, "weights");
      float mean = 0;
      for (float weight : weights) {
        mean += Math.abs(weight) / 4;
      }
      float plain = 0;
      float binarised = 0;
      for (int i = 0; i < 4; i++) {
        float x = xnor ? Math.signum(repaired.input[i]) : repaired.input[i];
        plain += weights[i] * repaired.input[i];
        binarised += Math.signum(weights[i]) * mean * x;
      }
      assertThat(layer(repaired, 0).output()[0]).isCloseTo(binarised, offset(1e-6f));
      assertThat(layer(original, 0).output()[0]).isCloseTo(xnor ? binarised : plain, offset(1e-6f));
      for (int i = 0; i < 4; i++) {
        assertThat(repaired.inputDelta[i])
            .isCloseTo(
                Math.signum(weights[i]) * mean * layer(repaired, 0).delta()[0], offset(1e-6f));
        assertThat(original.inputDelta[i])
            .isCloseTo(weights[i] * layer(original, 0).delta()[0], offset(1e-6f));
      }
    }
  }

  private static void localInitialises() {
    String cfg = IMAGE + "[local]\nfilters=2\nsize=2\nstride=2\nactivation=linear\n[cost]\n";
    float[] repaired = state(net(cfg), "weights"); // (4 places, 2 x 2 x 2 taps, 2 filters)
    float[] original = state(net(cfg, Quirk.LOCAL_INITIALISES_FIRST_PLACE), "weights");

    assertThat(repaired).hasSize(64).doesNotContain(0);
    assertThat(Arrays.copyOf(original, 16)).isEqualTo(Arrays.copyOf(repaired, 16));
    assertThat(Arrays.copyOfRange(original, 16, 64)).containsOnly(0);
  }

  private static void lrn() {
    String cfg = IMAGE + "[normalization]\nalpha=.5\nkappa=2\nsize=2\n[cost]\n";
    Network repaired = passed(cfg); // GradientTest: equal to finite differences
    Network original = passed(cfg, Quirk.LRN_APPROXIMATE_DELTA);

    for (int i = 0; i < original.inputDelta.length; i++) {
      float factor = layer(original, 0).output()[i] / original.input[i]; // norm^-beta
      assertThat(original.inputDelta[i])
          .isCloseTo(factor * layer(original, 0).delta()[i], offset(1e-6f));
    }
    assertThat(repaired.inputDelta).isNotEqualTo(original.inputDelta);
  }

  private static void l2norm() {
    String cfg = IMAGE + "[l2norm]\n[cost]\n";
    Network repaired = net(cfg);
    Network original = net(cfg, Quirk.L2NORM_AS_IS);
    for (Network net : new Network[] {repaired, original}) {
      net.input[0] = 0;
      net.input[1] = 0;
      net.forwardBackward();
    }

    assertThat(layer(repaired, 0).output()[0]).isZero();
    assertThat(layer(original, 0).output()[0]).isNaN();
    assertThat(original.inputDelta).isEqualTo(layer(original, 0).delta());
    for (int place = 2; place < repaired.inputDelta.length; place += 2) { // two channels
      float[] x = Arrays.copyOfRange(repaired.input, place, place + 2);
      float[] back = Arrays.copyOfRange(repaired.inputDelta, place, place + 2);
      assertThat(x[0] * back[0] + x[1] * back[1]) // lengths do not matter
          .isCloseTo(0, offset(1e-5f));
    }
  }

  private static void shortcutAlpha() {
    String cfg =
        IMAGE
            + "[convolutional]\nfilters=1\nactivation=linear\n"
            + "[convolutional]\nfilters=2\nactivation=linear\n"
            + "[shortcut]\nfrom=0\nalpha=.25\nactivation=linear\n[cost]\n";
    Network repaired = passed(cfg);
    Network original = passed(cfg, Quirk.SHORTCUT_ALPHA_EVERYWHERE);

    float[] above = layer(repaired, 2).delta();
    for (int i = 0; i < above.length; i++) {
      boolean added = i % 2 == 0; // the first of two channels
      assertThat(layer(repaired, 1).delta()[i])
          .isCloseTo((added ? .25f : 1) * above[i], offset(1e-6f));
      assertThat(layer(original, 1).delta()[i]).isCloseTo(.25f * above[i], offset(1e-6f));
    }
  }

  private static void smoothL1() {
    String cfg = FLAT + "[connected]\noutput=4\nactivation=linear\n[cost]\ntype=smooth\n";
    for (boolean repaired : new boolean[] {true, false}) {
      Network net = repaired ? net(cfg) : net(cfg, Quirk.SMOOTH_L1_SIGN);
      Arrays.fill(net.truth, 9);
      net.truth[0] = -9;
      net.forwardBackward();

      assertThat(layer(net, 1).delta()).containsOnly(1, -1);
      assertThat(layer(net, 1).delta()[0]).isEqualTo(repaired ? -1 : 1);
      assertThat(layer(net, 1).delta()[1]).isEqualTo(repaired ? 1 : -1);
    }
  }

  private static void treeTruth() {
    String cfg = FLAT + "[connected]\noutput=4\nactivation=linear\n[softmax]\ntree=tree\n";
    float[] truth = {0, 1, CostLayer.MASKED, CostLayer.MASKED, 1, 0, 0, 1};
    Network repaired = net(cfg);
    Network original = net(cfg, Quirk.TREE_TRUTH_NOT_MASKED);
    System.arraycopy(truth, 0, repaired.truth, 0, 8);
    System.arraycopy(truth, 0, original.truth, 0, 8);
    double cost = repaired.forwardBackward();
    original.forwardBackward();

    float[] p = layer(repaired, 1).output();
    assertThat(Arrays.copyOfRange(layer(repaired, 1).delta(), 2, 4)).containsOnly(0);
    assertThat(cost).isCloseTo(-Math.log(p[1]) - Math.log(p[4]) - Math.log(p[7]), offset(1e-5));
    assertThat(layer(original, 1).delta()[2]).isEqualTo(CostLayer.MASKED - p[2]);
  }

  /** One anchor: x, y, w, h, four masks if there are eight coords, objectness, classes. */
  private static String region(int coords, int classes, String more) {
    return "[net]\nheight=2\nwidth=2\nchannels="
        + (coords + 1 + classes)
        + "\n[region]\nanchors=1,1\nnum=1\ncoords="
        + coords
        + "\nclasses="
        + classes
        + "\n"
        + more;
  }

  private static void regionDelta() {
    Network repaired = passed(region(4, 2, ""));
    Network original = passed(region(4, 2, ""), Quirk.REGION_PASSES_NO_DELTA);

    assertThat(original.inputDelta).containsOnly(0);
    float[] folded = layer(repaired, 0).delta();
    assertThat(repaired.inputDelta).isEqualTo(folded).isNotEqualTo(original.inputDelta);
    float[] raw = layer(original, 0).delta();
    float[] y = layer(repaired, 0).output();
    for (int i = 0; i < raw.length; i++) {
      boolean logistic = i % 7 < 2 || i % 7 == 4; // x, y and objectness
      float slope = logistic ? y[i] * (1 - y[i]) : 1;
      assertThat(folded[i]).isCloseTo(raw[i] * slope, offset(1e-6f));
    }
  }

  private static void regionMasks() {
    Network repaired = passed(region(8, 1, ""));
    Network original = passed(region(8, 1, ""), Quirk.REGION_MASKS_LINEAR);

    for (int mask = 4; mask < 8; mask++) {
      double x = repaired.input[mask];
      assertThat(layer(repaired, 0).output()[mask])
          .isCloseTo((float) (1 / (1 + Math.exp(-x))), offset(1e-6f));
      assertThat(layer(original, 0).output()[mask]).isEqualTo((float) x);
    }
  }

  private static void regionTree() {
    Network repaired = passed(region(4, 4, "tree=tree\n"));
    Network original = passed(region(4, 4, "tree=tree\n"), Quirk.REGION_TREE_NAN);

    float[] y = layer(repaired, 0).output();
    assertThat(y[5] + y[6]).isCloseTo(1, offset(1e-6f)); // the roots
    assertThat(y[7] + y[8]).isCloseTo(1, offset(1e-6f)); // the children of a
    assertThat(Arrays.copyOfRange(layer(original, 0).output(), 5, 9)).containsOnly(Float.NaN);
  }

  private static void rnnFolded() {
    String cfg =
        STEPS.replace("time_steps=3", "time_steps=1")
            + "[rnn]\noutput=3\nactivation=tanh\n[cost]\n";
    Network repaired = net(cfg);
    Network original = net(cfg, Quirk.RNN_DELTA_FOLDED_TWICE);
    for (Network net : new Network[] {repaired, original}) {
      set(net, "self_layer.biases", .7f);
      net.forwardBackward();
    }

    float tangent = (float) Math.tanh(.7); // the self layer's output: the state is 0
    float[] once = state(repaired, "input_layer.bias_updates");
    float[] twice = state(original, "input_layer.bias_updates");
    for (int i = 0; i < 3; i++) {
      assertThat(twice[i]).isCloseTo(once[i] * (1 - tangent * tangent), offset(1e-6f));
    }
  }

  private static void rnnShortcut() {
    String layers = "[rnn]\noutput=3\nactivation=tanh\nshortcut=1\n[cost]\n";
    Network repaired = passed(STEPS + layers); // GradientTest: equal to finite differences
    Network original = passed(STEPS + layers, Quirk.RNN_SHORTCUT_FORGOTTEN);
    String weights = "output_layer.weight_updates";

    assertThat(state(repaired, weights)).isNotEqualTo(state(original, weights));
    assertThat(state(repaired, "output_layer.bias_updates"))
        .isEqualTo(state(original, "output_layer.bias_updates"));
    String without = layers.replace("shortcut=1\n", "");
    assertThat(state(passed(STEPS + without), weights))
        .isEqualTo(state(passed(STEPS + without, Quirk.RNN_SHORTCUT_FORGOTTEN), weights));
  }

  private static void crnnSides() {
    String cfg =
        STEPS_OF_IMAGES + "[crnn]\nhidden_filters=2\noutput_filters=2\nactivation=tanh\n[cost]\n";

    assertThat(layer(net(cfg), 0).out()).hasToString("3x2x2");
    assertThat(layer(net(cfg, Quirk.CRNN_SWAPS_SIDES), 0).out()).hasToString("2x3x2");
  }

  private static void lstm() {
    String cfg = STEPS + "[lstm]\noutput=3\n[cost]\n";
    Network repaired = passed(cfg); // GradientTest: equal to finite differences
    Network original = passed(cfg, Quirk.LSTM_STALE_STEPS);

    assertThat(repaired.state()).noneMatch(t -> t.name().endsWith("cell_delta"));
    assertThat(state(original, "cell_delta")).doesNotContain(0);
    assertThat(state(repaired, "wf.weight_updates"))
        .isNotEqualTo(state(original, "wf.weight_updates"));
    int last = 2 * 2 * 3; // goes on from the last step; from the first as it was
    assertThat(state(repaired, ".state"))
        .isEqualTo(Arrays.copyOfRange(layer(repaired, 0).output(), last, last + 6));
    assertThat(state(original, ".state"))
        .isEqualTo(Arrays.copyOfRange(layer(original, 0).output(), 0, 6));
  }

  private static float rate(String policy, long iteration, Quirk... on) {
    String cfg = "[net]\ninputs=4\nlearning_rate=.1\n" + policy + "[connected]\n[softmax]\n";
    LearningRate repaired =
        new LearningRate(Cfg.parse(cfg, "test.cfg", Map.of()).net(), (p, i, n) -> 0);
    return OriginalRate.at(repaired, iteration, Set.of(on));
  }

  private static void sigmoid() {
    String policy = "policy=sigmoid\nstep=100\ngamma=.05\n";

    assertThat(rate(policy, 50)).isCloseTo((float) (.1 / (1 + Math.exp(-2.5))), offset(1e-7f));
    assertThat(rate(policy, 50, Quirk.SIGMOID_UNDERFLOW)).isZero();
    assertThat(rate(policy, 150, Quirk.SIGMOID_UNDERFLOW)).isEqualTo(rate(policy, 150));
  }

  private static void poly() {
    String policy = "policy=poly\nmax_batches=10\npower=4\n";

    assertThat(rate(policy, 12)).isZero();
    assertThat(rate(policy, 12, Quirk.POLY_PAST_MAX_BATCHES))
        .isCloseTo((float) (.1 * Math.pow(.2, 4)), offset(1e-9f));
    assertThat(rate(policy, 5, Quirk.POLY_PAST_MAX_BATCHES)).isEqualTo(rate(policy, 5));
  }

  private static void gpuOnly() {
    Quirk cpu = Quirk.GPU_ONLY_OPTIONS_IGNORED;
    String connected = "[connected]\noutput=4\nactivation=linear\n";
    String adam = FLAT + "adam=1\n" + connected + "[softmax]\n";
    assertThat(net(adam).state()).anyMatch(t -> t.name().endsWith("weight_m"));
    assertThat(net(adam, cpu).state()).noneMatch(t -> t.name().endsWith("weight_m"));

    String clipped =
        IMAGE + "clip=.01\n[convolutional]\nfilters=2\nsize=3\nactivation=linear\n[cost]\n";
    for (boolean original : new boolean[] {false, true}) {
      Network net = original ? net(clipped, cpu) : net(clipped);
      net.forwardBackward();
      net.update();
      boolean within = true;
      for (float weight : state(net, "weights")) {
        within &= Math.abs(weight) <= .01f;
      }
      assertThat(within).isEqualTo(!original);
    }

    String spatial = IMAGE + "[softmax]\nspatial=1\n";
    assertThat(ofFirstPlace(passed(spatial))).isCloseTo(1, offset(1e-6f));
    assertThat(ofFirstPlace(passed(spatial, cpu))).isLessThan(.9f); // one group of 32

    String seg = FLAT + connected + "[cost]\ntype=seg\nnoobj=0\n";
    for (boolean original : new boolean[] {false, true}) {
      Network net = original ? net(seg, cpu) : net(seg);
      Arrays.fill(net.truth, 0);
      assertThat(net.forwardBackward() > 0).isEqualTo(original);
    }

    String smooth = FLAT + connected + "[cost]\nsmooth=1\n"; // every truth becomes 1/4
    for (boolean original : new boolean[] {false, true}) {
      Network net = original ? passed(smooth, cpu) : passed(smooth);
      float truth = original ? net.truth[0] : .25f;
      assertThat(layer(net, 1).delta()[0])
          .isCloseTo(truth - layer(net, 0).output()[0], offset(1e-6f));
    }

    String onlyForward = region(4, 2, "onlyforward=1\n");
    assertThat(passed(onlyForward).inputDelta).containsOnly(0);
    assertThat(passed(onlyForward, cpu).inputDelta).isNotEqualTo(new float[28]);
  }

  private static float ofFirstPlace(Network net) {
    return layer(net, 0).output()[0] + layer(net, 0).output()[1];
  }
}
