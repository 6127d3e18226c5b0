package plinius.darknet.layer;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import plinius.darknet.NetworkOptions;
import plinius.kernel.Activation;
import plinius.kernel.ConvShape;
import plinius.kernel.CounterRandom;

/**
 * Layers with the defects of the original's CPU build (darknet at f6afaab), all or single ones: the
 * golden vectors hold what that build computes, and the product has none of this.
 */
public final class OriginalLayers extends KeptLayers {
  private final Set<Quirk> on;

  private OriginalLayers(Shape net, NetworkOptions options, Storage storage, Set<Quirk> on) {
    super(net, options, storage);
    this.on = on;
  }

  /** The layers of a network with these defects. */
  public static Maker with(Set<Quirk> on) {
    return (net, options, storage) -> new OriginalLayers(net, options, storage, on);
  }

  /** A configuration without what a build with these defects does not look at. */
  public static String cfg(String text, Set<Quirk> on) {
    boolean cpu = on.contains(Quirk.GPU_ONLY_OPTIONS_IGNORED);
    Set<String> ignored = new HashSet<>();
    if (cpu) {
      ignored.addAll(Set.of("adam", "clip", "smooth", "spatial", "onlyforward"));
    }
    if (on.contains(Quirk.BINARY_FORWARD_ONLY)) {
      ignored.add("binary");
    }
    String section = "";
    StringBuilder looked = new StringBuilder();
    for (String line : text.split("\n", -1)) {
      String bare = line.replaceAll("\\s", "");
      section = bare.startsWith("[") ? bare : section;
      boolean ofCost = cpu && section.equals("[cost]") && bare.matches("thresh=.*|type=(seg|wgan)");
      boolean drops = ofCost || ignored.contains(bare.replaceAll("=.*", ""));
      looked.append(drops ? "" : line).append('\n');
    }
    return looked.toString();
  }

  private boolean has(Quirk quirk) {
    return on.contains(quirk);
  }

  /** At the beginning of a backward that replaces the delta before it instead of adding to it. */
  private void replace(Pass pass) {
    if (has(Quirk.DELTA_REPLACED)) {
      pass.clear(pass.inputDelta);
    }
  }

  @Override
  Biases biases(WeightedLayer layer, Activation activation) {
    boolean normalizes = layer.section().flag("batch_normalize");
    return normalizes && has(Quirk.BATCHNORM_OF_LAST_STEP)
        ? new LastStepNormalization(layer, activation)
        : super.biases(layer, activation);
  }

  private static final class LastStepNormalization extends BatchNormalization {
    LastStepNormalization(Layer layer, Activation activation) {
      super(layer, activation);
    }

    @Override
    void takeDeltaTerms(Pass pass, int step) {
      int last = steps - 1;
      if (step != last) {
        beginSums();
        pass.eachShard(
            1,
            (from, to) -> {
              int at = from * rowsPerImage * channels;
              addSums(pass, from, to, Activation.LINEAR, delta, at, means[last]);
            });
      }
      super.takeDeltaTerms(pass, last);
    }
  }

  @Override
  Layer layer(Site site) {
    return switch (site.section().type()) {
      case "convolutional" -> convolution(site);
      case "local" -> new Local(site);
      case "batchnorm" -> new Batchnorm(site);
      case "normalization" -> new Normalization(site);
      case "l2norm" -> has(Quirk.L2NORM_AS_IS) ? new L2norm(site) : super.layer(site);
      case "activation" ->
          new ActivationLayer(site) {
            @Override
            public void backward(Pass pass) {
              replace(pass);
              super.backward(pass);
            }
          };
      case "reorg" ->
          new ReorgLayer(site) {
            @Override
            public void backward(Pass pass) {
              replace(pass);
              super.backward(pass);
            }
          };
      case "upsample" ->
          new UpsampleLayer(site) {
            @Override
            public void backward(Pass pass) {
              if (section.integer("stride") < 0) {
                replace(pass);
              }
              super.backward(pass);
            }
          };
      case "dropout" -> has(Quirk.DROPOUT_IN_PLACE) ? new DropoutInPlace(site) : super.layer(site);
      case "shortcut" ->
          has(Quirk.SHORTCUT_ALPHA_EVERYWHERE) ? new Shortcut(site) : super.layer(site);
      case "rnn" -> Recurrent.rnn(site, on);
      case "crnn" -> Recurrent.crnn(site, on);
      case "gru" -> has(Quirk.GRU_NOT_TRAINED) ? new Gru(site) : super.layer(site);
      case "lstm" -> has(Quirk.LSTM_STALE_STEPS) ? new Lstm(site) : super.layer(site);
      case "softmax" -> has(Quirk.TREE_TRUTH_NOT_MASKED) ? new Softmax(site) : super.layer(site);
      case "cost" -> has(Quirk.SMOOTH_L1_SIGN) ? new Cost(site) : super.layer(site);
      case "region" -> new Region(site);
      default -> super.layer(site);
    };
  }

  private Layer convolution(Site site) {
    ConvShape asked = ConvolutionalLayer.shape(site.section(), site.image());
    boolean flat = asked.size() == 1 && (asked.stride() > 1 || asked.pad() > 0);
    return flat && has(Quirk.CONV1X1_IGNORES_STRIDE_AND_PADDING)
        ? new FlatConvolution(site, asked)
        : new Convolution(site, asked, asked.size() == 1);
  }

  private class Convolution extends ConvolutionalLayer {
    private final boolean replaces;
    private final boolean forwardOnly;

    Convolution(Site site, ConvShape shape, boolean replaces) {
      super(site, shape);
      this.replaces = replaces;
      forwardOnly = has(Quirk.BINARY_FORWARD_ONLY) && section.flag("xnor");
    }

    @Override
    public void backward(Pass pass) {
      if (replaces) {
        replace(pass);
      }
      if (forwardOnly) {
        foldDelta(pass);
        backwardInBlocks(pass, storage.block(), weights.at());
      } else {
        super.backward(pass);
      }
    }
  }

  /** As if stride were 1 and padding 0: reads the first values, in Darknet's (c, h, w) order. */
  private final class FlatConvolution extends Convolution {
    private final int[] from;
    private final float[] gathered;
    private final float[] back;

    FlatConvolution(Site site, ConvShape asked) {
      super(
          site,
          new ConvShape(
              asked.outH(), asked.outW(), asked.c(), asked.filters(), 1, 1, 0, asked.groups()),
          false);
      int cells = asked.outH() * asked.outW();
      int channels = asked.groupChannels();
      from = new int[cells * in.c()];
      for (int c = 0; c < in.c(); c++) {
        int group = c / channels * channels * in.h() * in.w();
        for (int j = 0; j < cells; j++) {
          from[j * in.c() + c] = in.place(group + c % channels * cells + j);
        }
      }
      gathered = storage.activations(from.length);
      back = storage.trainingActivations(from.length);
    }

    @Override
    public boolean inBlocks() {
      return false;
    }

    @Override
    public void forward(Pass pass) {
      float[] input = pass.input;
      pass.eachImage(
          image -> {
            for (int i = 0; i < from.length; i++) {
              gathered[image * from.length + i] = input[image * in.count() + from[i]];
            }
          });
      pass.at(gathered, Pass.NOTHING, 0);
      super.forward(pass);
    }

    @Override
    public void backward(Pass pass) {
      float[] inputDelta = pass.inputDelta;
      boolean wanted = pass.wantsInputDelta();
      boolean replaced = has(Quirk.DELTA_REPLACED);
      pass.clear(back);
      pass.at(gathered, wanted ? back : Pass.NOTHING, 0);
      super.backward(pass);
      pass.eachImage(
          image -> {
            for (int i = 0; wanted && i < from.length; i++) {
              int at = image * in.count() + from[i];
              float value = back[image * from.length + i];
              inputDelta[at] = replaced ? value : inputDelta[at] + value;
            }
          });
    }
  }

  private final class Local extends LocalLayer {
    Local(Site site) {
      super(site);
    }

    @Override
    public void initialise(CounterRandom random) {
      super.initialise(random);
      String name = site.name() + ".weights";
      for (NamedTensor tensor : storage.tensors()) {
        if (has(Quirk.LOCAL_INITIALISES_FIRST_PLACE) && tensor.name().equals(name)) {
          int ofOne = tensor.count() / (out.h() * out.w());
          int end = tensor.offset() + tensor.count();
          Arrays.fill(tensor.block(), tensor.offset() + ofOne, end, 0);
        }
      }
    }
  }

  private final class Batchnorm extends BatchnormLayer {
    Batchnorm(Site site) {
      super(site);
    }

    @Override
    public void backward(Pass pass) {
      replace(pass);
      super.backward(pass);
    }

    @Override
    public void update(Pass pass, Step step) {
      if (!has(Quirk.BATCHNORM_NEVER_LEARNS)) {
        super.update(pass, step);
      }
    }
  }

  private final class Normalization extends NormalizationLayer {
    Normalization(Site site) {
      super(site);
    }

    @Override
    public void backward(Pass pass) {
      replace(pass);
      super.backward(pass);
    }

    @Override
    void throughNorms(Pass pass, int at) {
      if (!has(Quirk.LRN_APPROXIMATE_DELTA)) {
        super.throughNorms(pass, at);
      }
    }
  }

  private static final class L2norm extends L2normLayer {
    L2norm(Site site) {
      super(site);
    }

    @Override
    public void forward(Pass pass) {
      super.forward(pass);
      int c = out.c();
      for (int at = 0; at < pass.images * out.count(); at += c) {
        boolean zeros = true;
        for (int i = at; i < at + c; i++) {
          zeros &= pass.input[i] == 0;
        }
        if (zeros) {
          Arrays.fill(output, at, at + c, Float.NaN);
        }
      }
    }

    @Override
    void addInputDelta(Pass pass) {
      passDeltaOn(pass);
    }
  }

  /** Rewrites the output of the layer before, and its delta. */
  private static final class DropoutInPlace extends Layer {
    private final float probability = section.decimal("probability");
    private final float scale = (float) (1.0 / (1.0 - probability));
    private final float[] factors = storage.activations(out.count());

    DropoutInPlace(Site site) {
      Layer before = site.network().made.getLast();
      super(site, site.in(), before.output, before.delta);
    }

    @Override
    public void forward(Pass pass) {
      int count = pass.training ? pass.images * out.count() : 0;
      long first = (long) pass.moment.firstImage() * out.count();
      for (int i = 0; i < count; i++) {
        float drawn = pass.means.draws().uniform(index(), pass.moment.iteration(), first + i);
        factors[i] = drawn < probability ? 0 : scale;
        output[i] = factors[i] == 0 ? 0 : pass.input[i] * factors[i];
      }
    }

    @Override
    void addInputDelta(Pass pass) {
      for (int i = 0; i < pass.images * out.count(); i++) {
        pass.inputDelta[i] = factors[i] == 0 ? 0 : delta[i] * factors[i];
      }
    }
  }

  private static final class Shortcut extends ShortcutLayer {
    Shortcut(Site site) {
      super(site);
    }

    @Override
    public void backward(Pass pass) {
      super.backward(pass);
      boolean[] met = new boolean[out.count()];
      for (int place : places) {
        met[place] = true;
      }
      float less = section.decimal("alpha") - 1;
      for (int i = 0; pass.wantsInputDelta() && i < pass.images * out.count(); i++) {
        pass.inputDelta[i] += met[i % out.count()] ? 0 : less * delta[i];
      }
    }
  }

  /** The quirk that crnn takes rows for columns. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Turned(Places places, float[] values, float[] delta) {}

  private static final class Recurrent extends RnnLayer {
    private final Optional<Turned> turned;
    private final boolean foldedTwice;
    private final boolean forgetsShortcut;

    private Recurrent(Site site, Shape out, Parts parts, Set<Quirk> on, Optional<Turned> turned) {
      super(site, out, parts);
      this.turned = turned;
      foldedTwice = on.contains(Quirk.RNN_DELTA_FOLDED_TWICE);
      forgetsShortcut = shortcut && on.contains(Quirk.RNN_SHORTCUT_FORGOTTEN);
    }

    static Recurrent rnn(Site site, Set<Quirk> on) {
      int n = site.section().integer("output");
      return new Recurrent(site, Shape.flat(n), connected(site), on, Optional.empty());
    }

    static Recurrent crnn(Site site, Set<Quirk> on) {
      Shape in = site.image();
      boolean turns = on.contains(Quirk.CRNN_SWAPS_SIDES) && in.h() != in.w();
      Shape image = turns ? new Shape(in.w(), in.h(), in.c(), true) : in;
      Parts parts = convolutional(site, image, on.contains(Quirk.CRNN_NEVER_LEARNS) ? 0 : 1);
      Turned turned =
          new Turned(
              Places.of(in, image, i -> i),
              site.storage().activations(in.count()),
              site.storage().trainingActivations(in.count()));
      return new Recurrent(
          site, parts.output().out(), parts, on, Optional.of(turned).filter(_ -> turns));
    }

    @Override
    public void forward(Pass pass) {
      turned.ifPresent(t -> t.places().gather(pass, pass.input, t.values()));
      forward(pass, turned.map(Turned::values).orElse(pass.input));
    }

    @Override
    public void backward(Pass pass) {
      if (turned.isEmpty()) {
        super.backward(pass);
        return;
      }
      boolean wanted = pass.wantsInputDelta();
      Turned there = turned.get();
      pass.clear(parts.self().delta());
      pass.clear(beforeDelta);
      pass.clear(there.delta());
      backward(pass, there.values(), wanted ? there.delta() : pass.inputDelta);
      if (wanted) {
        there.places().scatter(pass, there.delta(), pass.inputDelta);
      }
    }

    @Override
    void backward(Pass step, float[] input, float[] inputDelta, int at, int size) {
      float[] stateDelta = parts.self().delta();
      for (int i = at; forgetsShortcut && i < at + size; i++) {
        after[i] = parts.input().output()[i] + parts.self().output()[i];
      }
      backward(parts.output(), step, after, stateDelta);
      if (!foldedTwice) {
        handOn(stateDelta, at, size);
      }
      backward(parts.self(), step, state.before(), at == 0 ? Pass.NOTHING : beforeDelta);
      if (foldedTwice) {
        handOn(stateDelta, at, size);
      }
      if (at > 0) {
        step.kernels.add(beforeDelta, at, stateDelta, at - size, size);
      }
      backward(parts.input(), step, input, inputDelta);
    }
  }

  private static final class Gru extends GruLayer {
    Gru(Site site) {
      super(site);
    }

    @Override
    public void backward(Pass pass) {
      // There is none.
    }
  }

  private static final class Lstm extends LstmLayer {
    private final NamedTensor cellDelta = Carried.tensor(site, "cell_delta", n);

    Lstm(Site site) {
      super(site);
    }

    @Override
    public void backward(Pass pass) {
      int size = pass.images / storage.timeSteps() * n;
      System.arraycopy(storage.block(), cellDelta.offset(), later, 0, size);
      staleFirstStep(size);
      pass.clear(beforeDelta);
      backward(pass, pass.input, pass.inputDelta);
      System.arraycopy(later, 0, storage.block(), cellDelta.offset(), size);
      states().forEach(each -> each.leave(pass, 0, size));
    }

    /** Step 0 takes its own cell and state, or zeros, for those before it. */
    private void staleFirstStep(int size) {
      Arrays.fill(state.before(), 0, size, 0);
      Arrays.fill(cell.before(), 0, size, 0);
      if (storage.timeSteps() > 1) {
        System.arraycopy(output, 0, state.before(), 0, size);
        System.arraycopy(cells, 0, cell.before(), 0, size);
      }
    }
  }

  private static final class Softmax extends SoftmaxLayer {
    Softmax(Site site) {
      super(site);
    }

    @Override
    void crossEntropy(int i, float truth) {
      losses[i] = truth == 0 ? 0 : (float) -StrictMath.log(output[i]);
      delta[i] = truth - output[i];
    }
  }

  private static final class Cost extends CostLayer {
    Cost(Site site) {
      super(site);
    }

    @Override
    public void forward(Pass pass) {
      super.forward(pass);
      boolean smooth = pass.hasTruth() && section.word("type").equals("smooth");
      for (int i = 0; smooth && i < pass.images * out.count(); i++) {
        delta[i] = Math.abs(delta[i]) == 1 ? -delta[i] : delta[i];
      }
    }
  }

  private final class Region extends RegionLayer {
    Region(Site site) {
      super(site);
    }

    @Override
    void activate(Pass pass, int at) {
      float[] masks = Arrays.copyOfRange(output, at + 4, at + coords);
      super.activate(pass, at);
      if (has(Quirk.REGION_MASKS_LINEAR)) {
        System.arraycopy(masks, 0, output, at + 4, masks.length);
      }
      if (has(Quirk.REGION_TREE_NAN) && section.has("tree")) {
        int classesAt = at + coords + 1;
        Arrays.fill(output, classesAt, classesAt + classes, Float.NaN);
      }
    }

    @Override
    public void backward(Pass pass) {
      if (!has(Quirk.REGION_PASSES_NO_DELTA)) {
        super.backward(pass);
      }
    }
  }
}
