package plinius.darknet;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import java.util.function.UnaryOperator;
import plinius.darknet.Branches.Branch;
import plinius.darknet.GoldenCase.Recorded;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.data.Glibc;
import plinius.darknet.layer.Box;
import plinius.darknet.layer.CropLayer;
import plinius.darknet.layer.Detection;
import plinius.darknet.layer.Inside;
import plinius.darknet.layer.Layer;
import plinius.darknet.layer.MaxpoolLayer;
import plinius.darknet.layer.NamedTensor;
import plinius.darknet.layer.OriginalLayers;
import plinius.darknet.layer.Quirk;
import plinius.darknet.layer.Shape;
import plinius.kernel.Draws;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;
import plinius.reference.FileTree;

/**
 * One case on one kind of kernels: what differs from what the original recorded by more than the
 * vectors' README allows.
 *
 * <p>A slope jumps at a kink, and a window's delta goes to its winner: where a value lies so near
 * to the other side that the order of summation decides, the original may have gone the other way,
 * and single gradients then differ by a percent. No tolerance is widened for that. Where a gradient
 * differs, the branches that lie within the README's tolerance from their kink are tried one by
 * one, the nearest first; one stays the other way if that takes away a good part of what differs.
 * With those few named branches as the original took them, every tensor and every cost has to meet
 * the README.
 */
final class GoldenRun {
  private final GoldenCase c;
  private final Set<Quirk> quirks;
  private final CfgFile cfg;
  private final Workers workers;
  private final UnaryOperator<Kernels> change;
  private final int tries;
  private final List<String> wrong = new ArrayList<>();
  private final Set<String> compared = new HashSet<>();
  private final Set<Branch> forced = new LinkedHashSet<>();
  private final Map<List<Integer>, float[]> drawn = new HashMap<>();
  private Branches branches;
  private Network net;
  private float[] start; // the state as loaded
  private long startSeen;
  private int step = 1;
  private final Differences differences = new Differences();
  private boolean loose; // whether only the README's rule for deep networks was met
  private int lookFrom;
  private int lookTo;

  /**
   * A run.
   *
   * @param change of the kernels, for mutants
   * @param tries branches that are tried in a step, and so what an unexplained difference costs
   */
  GoldenRun(GoldenCase c, Workers workers, UnaryOperator<Kernels> change, int tries) {
    this.c = c;
    this.workers = workers;
    this.change = change;
    this.tries = tries;
    boolean original = c.manifest.get("origin").asText().equals("original");
    quirks = original ? EnumSet.allOf(Quirk.class) : Set.of();
    String looked = OriginalLayers.cfg(c.cfg(), quirks);
    cfg = Cfg.parse(looked, c.name() + "/net.cfg", Map.of());
  }

  /** Everything that differs; empty if nothing does. */
  List<String> differences(Kernels kernels) {
    build(kernels);
    infer();
    List<String> all = new ArrayList<>(wrong);
    if (c.manifest.get("vectors").get("train").asText().equals("ok")) {
      // All kernels give the same bits, so that the fastest can search for the others.
      build(Kernels.best());
      search();
      build(kernels);
      train(steps());
      all.addAll(wrong);
    }
    for (String name : c.tensors.keySet()) {
      if (!compared.contains(name) && !name.matches("input|truth|.*/rand\\..*")) {
        all.add(name + " was recorded, and compared with nothing");
      }
    }
    return all;
  }

  /** Branches that the original took the other way. */
  Set<Branch> forced() {
    return forced;
  }

  private void build(Kernels kernels) {
    branches = new Branches(change.apply(kernels));
    NetworkOptions options =
        new NetworkOptions(
            branches.kernels(), workers, 1, true, name -> c.text(name), FileTree::parse);
    net = TestNetworks.inspected(cfg, options, this::recordedDraw, OriginalLayers.with(quirks));
    try {
      loadWeights();
    } catch (IOException | GeneralSecurityException e) {
      throw new AssertionError(e);
    }
    start = net.state().getFirst().block().clone();
    startSeen = net.seen();
    branches.watch(net, this::allowedOutput);
  }

  private void loadWeights() throws IOException, GeneralSecurityException {
    Path weights = c.directory.resolve("net.weights");
    byte[] file = Files.exists(weights) ? Files.readAllBytes(weights) : generated(net);
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(file);
    assertThat(HexFormat.of().formatHex(digest))
        .isEqualTo(c.manifest.get("weights_file").get("sha256").asText());
    WeightsFiles.read(file, net);
    assertThat(Arrays.copyOfRange(WeightsFiles.write(net), 20, file.length))
        .as("the same file, written")
        .isEqualTo(Arrays.copyOfRange(file, 20, file.length));
  }

  private int subdivisions() {
    return net.batch() / net.subBatch();
  }

  private int steps() {
    return c.manifest.get("rate").size(); // the largest case was recorded for one step only
  }

  /** How much a layer's output may differ; pooling branches on what the layer before it gives. */
  private double allowedOutput(int layer) {
    int of = net.layers().get(layer) instanceof MaxpoolLayer ? layer - 1 : layer;
    Recorded recorded = c.tensors.get("train/output." + of);
    return recorded == null ? 0 : allowed(recorded);
  }

  private static double allowed(Recorded recorded) {
    double factor = recorded.name().startsWith("step3") ? 10 : 1;
    return factor * (8 * recorded.noise() + 4e-6 * recorded.absmax() + 1e-7);
  }

  /**
   * Finds the branches that the original took the other way: those of the first step by all that
   * was recorded of it, then those of the later ones by costs and parameters.
   */
  private void search() {
    int steps = steps();
    int passes = subdivisions();
    explain(1, 0, passes);
    if (steps > 1) {
      explain(steps, passes, steps * passes);
    }
  }

  /**
   * Searches among the branches of passes [from, to) by what {@code steps} steps give: runs the
   * network with one of them the other way at a time, until some of these effects together are what
   * differs.
   */
  private void explain(int steps, int from, int to) {
    train(steps);
    if (met(steps)) {
      return;
    }
    List<Branch> near = near(steps, from, to);
    if (from == 0) {
      forceRecordedWinners(near);
      train(steps);
    }
    Set<Branch> before = Set.copyOf(forced);
    float[] unexplained = differences.values();
    Map<Branch, float[]> effects = new LinkedHashMap<>();
    Set<Branch> chosen = Set.of();
    for (Branch branch : near.subList(0, Math.min(tries, near.size()))) {
      force(before, Set.of(branch));
      train(steps);
      effects.put(branch, Differences.minus(differences.values(), unexplained));
      Set<Branch> better = Differences.explanation(unexplained, effects);
      if (!better.equals(chosen)) {
        chosen = better;
        force(before, chosen);
        train(steps);
        if (met(steps)) {
          return;
        }
      }
    }
    force(before, chosen);
  }

  private void force(Set<Branch> before, Set<Branch> more) {
    forced.clear();
    forced.addAll(before);
    forced.addAll(more);
  }

  private boolean met(int steps) {
    return wrong.isEmpty() && (steps > 1 || !loose);
  }

  private List<Branch> near(int steps, int from, int to) {
    lookFrom = from;
    lookTo = to;
    train(steps);
    lookTo = 0;
    return new ArrayList<>(branches.near());
  }

  /** Some winners were recorded: those are no guess, whichever way they went. */
  private void forceRecordedWinners(List<Branch> near) {
    near.removeIf(
        branch -> {
          Recorded recorded = c.tensors.get("train/indexes." + branch.layer());
          if (branch.pass() > 0 || branch.other() < 0 || recorded == null) {
            return false;
          }
          Shape out = net.layers().get(branch.layer()).out();
          Shape in = net.layers().get(branch.layer() - 1).out();
          int image = branch.at() / out.count();
          int stored = recorded.stored(image * out.count() + chw(out, branch.at() % out.count()));
          if (stored < 0) {
            return false;
          }
          if (recorded.values()[stored] == image * in.count() + chw(in, branch.other())) {
            forced.add(branch);
          }
          return true;
        });
  }

  private void train(int steps) {
    wrong.clear();
    loose = false;
    differences.clear();
    System.arraycopy(start, 0, net.state().getFirst().block(), 0, start.length);
    net.setSeen(startSeen);
    int pass = 0;
    for (step = 1; step <= steps; step++) {
      for (int sub = 0; sub < subdivisions(); sub++, pass++) {
        load(sub);
        branches.begin(pass, forced, pass >= lookFrom && pass < lookTo);
        checkCost(step, sub, net.forwardBackward());
        if (pass == 0) {
          afterFirstPass();
        }
      }
      if (step == 1) {
        gradients();
      }
      checkRate(step);
      net.update();
      parameters("step" + step + "/");
    }
    if (steps == steps() && net.seen() != c.manifest.get("seen_after").asLong()) {
      wrong.add("seen " + net.seen() + " instead of " + c.manifest.get("seen_after"));
    }
  }

  private float recordedDraw(int purpose, long iteration, long index) {
    if (purpose == Draws.LEARNING_RATE) {
      double rate = GoldenCase.number(c.manifest.get("rate").get(step - 1).get("rate"));
      double share = rate / cfg.net().decimal("learning_rate");
      return (float) Math.pow(share, 1 / cfg.net().decimal("power"));
    }
    Shape shape = net.layers().get(purpose).out();
    if (net.layers().get(purpose) instanceof CropLayer) {
      return cropDraw(purpose, index);
    }
    int image = (int) (index / shape.count());
    int place = chw(shape, (int) (index % shape.count()));
    Recorded draws = c.tensors.get((step == 1 ? "train" : "step" + step) + "/rand." + purpose);
    if (draws != null && image < net.subBatch() && draws.values().length == draws.count()) {
      return draws.values()[image * shape.count() + place];
    }
    int pass = (step - 1) * subdivisions() + image / net.subBatch();
    return drawn(pass, purpose)[image % net.subBatch() * shape.count() + place];
  }

  /**
   * What was not recorded: dropout's draws, pass by pass and layer by layer, from glibc's rand().
   */
  private synchronized float[] drawn(int pass, int layer) {
    if (drawn.isEmpty()) {
      Glibc glibc = new Glibc(c.manifest.path("rng_seed_before_phase").asInt(1));
      for (int p = 0; p < steps() * subdivisions(); p++) {
        for (Layer each : net.layers()) {
          if (each.section().type().equals("dropout")) {
            float[] draws = new float[net.subBatch() * each.out().count()];
            for (int i = 0; i < draws.length; i++) {
              draws[i] = glibc.uniform();
            }
            drawn.put(List.of(p, each.index()), draws);
          }
        }
      }
    }
    return drawn.get(List.of(pass, layer));
  }

  private float cropDraw(int layer, long index) {
    List<JsonNode> ofStep = new ArrayList<>();
    c.manifest
        .get("crop_draws")
        .forEach(
            entry -> {
              if (entry.get("step").asInt() == step) {
                ofStep.add(entry);
              }
            });
    Shape in = layer == 0 ? input() : net.layers().get(layer - 1).out();
    Shape out = net.layers().get(layer).out();
    JsonNode draws = ofStep.get((int) (index / 3 / net.subBatch()));
    return switch ((int) (index % 3)) {
      case 0 -> (draws.get("flip").asInt() + .5f) / 2;
      case 1 -> (draws.get("dh").asInt() + .5f) / (in.h() - out.h() + 1);
      default -> (draws.get("dw").asInt() + .5f) / (in.w() - out.w() + 1);
    };
  }

  private Shape input() {
    return new Shape(net.height(), net.width(), net.channels(), true);
  }

  /** The place in (c, h, w) order of our place in (h, w, c). */
  private static int chw(Shape shape, int place) {
    return place % shape.c() * (shape.h() * shape.w()) + place / shape.c();
  }

  /** Fills a network with the weights of the vectors' generator, and writes them. */
  private byte[] generated(Network built) {
    int salt = c.manifest.get("salt").asInt() * 1000;
    for (NamedTensor tensor : DarknetOrder.file(built)) {
      IntUnaryOperator places = DarknetOrder.places(built, tensor);
      String[] name = tensor.name().split("\\.", -1);
      for (int i = 0; i < tensor.count(); i++) {
        double u = GoldenCase.uniform(i, salt);
        double value =
            switch (name[name.length - 1]) {
              case "biases", "rolling_mean" -> (2 * u - 1) * .1;
              case "scales" -> 1 + (2 * u - 1) * .2;
              case "rolling_variance" -> .5 + u;
              default -> (2 * u - 1) * Math.sqrt(3.0 / fanIn(name[1], tensor.shape()));
            };
        tensor.block()[places.applyAsInt(i)] = (float) value;
      }
      salt++;
    }
    return WeightsFiles.write(built);
  }

  private static int fanIn(String type, int[] shape) {
    return switch (type) {
      case "deconvolutional" -> shape[3];
      case "local" -> shape[1] * shape[2] * shape[3];
      default -> shape.length == 4 ? shape[0] * shape[1] * shape[2] : shape[0];
    };
  }

  private void infer() {
    load(0);
    for (String prefix : List.of("infer/", "infer2/")) {
      net.predict(net.input.clone(), net.subBatch());
      for (Layer layer : net.layers()) {
        check(prefix + "output." + layer.index(), images(layer.output(), layer.out()), false);
      }
      if (prefix.equals("infer/")) {
        detections();
      }
    }
  }

  private void detections() {
    JsonNode query = c.manifest.path("detect");
    if (!query.path("recorded").asBoolean()) {
      return;
    }
    float nms = (float) query.get("nms").asDouble();
    checkDetections("infer/detections", found(query));
    checkDetections("infer/detections_nms_sort", Detection.suppressByClass(found(query), nms));
    checkDetections("infer/detections_nms_obj", suppressed(found(query), nms));
  }

  /** By objectness, for all classes at once (do_nms_obj), which the product does not do. */
  private static List<Detection> suppressed(List<Detection> all, float threshold) {
    List<Detection> kept = new ArrayList<>(all.stream().filter(d -> d.objectness() != 0).toList());
    kept.sort(Comparator.comparingDouble(d -> -d.objectness()));
    for (int i = 0; i < kept.size(); i++) {
      Detection best = kept.get(i);
      for (int j = i + 1; j < kept.size() && best.objectness() != 0; j++) {
        Detection other = kept.get(j);
        if (other.objectness() != 0 && best.box().iou(other.box()) > threshold) {
          kept.set(j, new Detection(other.box(), 0, new float[other.probabilities().length]));
        }
      }
    }
    return kept;
  }

  private List<Detection> found(JsonNode query) {
    return net.detections(
        0,
        query.get("w").asInt(),
        query.get("h").asInt(),
        (float) query.get("thresh").asDouble(),
        (float) query.get("hier").asDouble());
  }

  /** Rows [x, y, w, h, objectness, classes], compared as sets; those without an object are out. */
  private void checkDetections(String name, List<Detection> found) {
    Recorded recorded = c.tensors.get(name);
    compared.add(name);
    List<float[]> ours = new ArrayList<>();
    for (Detection d : found) {
      float[] row = new float[5 + d.probabilities().length];
      Box box = d.box();
      float[] head = {box.x(), box.y(), box.w(), box.h(), d.objectness()};
      System.arraycopy(head, 0, row, 0, 5);
      System.arraycopy(d.probabilities(), 0, row, 5, d.probabilities().length);
      ours.add(row);
    }
    ours.removeIf(row -> row[4] == 0);
    int width = ours.isEmpty() ? 1 : ours.getFirst().length;
    double allowed = 8 * recorded.noise() + 4e-6 * recorded.absmax() + 1e-7;
    int theirs = 0;
    for (int at = 0; at < recorded.values().length; at += width) {
      float[] row = Arrays.copyOfRange(recorded.values(), at, at + width);
      if (width > 4 && row[4] == 0) {
        continue;
      }
      theirs++;
      if (!ours.removeIf(our -> near(our, row, allowed))) {
        wrong.add(name + ": no " + Arrays.toString(row));
      }
    }
    if (!ours.isEmpty()) {
      wrong.add(name + ": " + ours.size() + " more than the " + theirs);
    }
  }

  private static boolean near(float[] a, float[] b, double allowed) {
    for (int i = 0; i < a.length; i++) {
      if (!(Math.abs(a[i] - b[i]) <= allowed)) {
        return false;
      }
    }
    return true;
  }

  private void load(int sub) {
    Shape in = input();
    float[] input = c.tensors.get("input").values();
    for (int i = 0; i < input.length; i++) {
      float value = sub == 0 ? input[i] : (float) (input[i] * (1 - .25 * sub));
      net.input[i / in.count() * in.count() + in.place(i % in.count())] = value;
    }
    Recorded truth = c.tensors.get("truth");
    if (truth != null) {
      assertThat(truth.count()).as("values of truth").isEqualTo(net.truth.length);
      System.arraycopy(truth.values(), 0, net.truth, 0, truth.count());
    }
  }

  private void afterFirstPass() {
    for (Layer layer : net.layers()) {
      int i = layer.index();
      check("train/output." + i, images(layer.output(), layer.out()), false);
      check("train/delta." + i, images(layer.delta(), layer.out()), true);
      check("train/loss." + i, images(Inside.losses(layer), layer.out()), false);
      if (layer instanceof MaxpoolLayer maxpool) {
        checkWinners(i, maxpool);
      }
    }
    check("train/input_delta", images(net.inputDelta, input()), true);
  }

  private void gradients() {
    parameters("grad/");
    for (Layer layer : net.layers()) {
      Inside.statistics(layer)
          .forEach(
              (part, n) -> {
                String of = layer.index() + (part.isEmpty() ? "" : "." + part);
                check("grad/mean." + of, n.mean(), true);
                check("grad/variance." + of, n.variance(), true);
              });
    }
  }

  private void parameters(String prefix) {
    DarknetOrder.tensors(net).forEach((name, values) -> check(prefix + name, values, true));
  }

  private static float[] images(float[] values, Shape shape) {
    float[] theirs = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      theirs[i] = values[i / shape.count() * shape.count() + shape.place(i % shape.count())];
    }
    return theirs;
  }

  private void checkWinners(int layer, MaxpoolLayer maxpool) {
    Recorded recorded = c.tensors.get("train/indexes." + layer);
    if (recorded == null) {
      return;
    }
    compared.add(recorded.name());
    int[] indexes = Inside.indexes(maxpool).clone();
    for (Branch branch : forced) {
      if (branch.pass() == 0 && branch.layer() == layer) {
        indexes[branch.at()] = branch.other();
      }
    }
    Shape in = net.layers().get(layer - 1).out();
    float[] winners = new float[indexes.length];
    for (int j = 0; j < winners.length; j++) {
      int image = j / maxpool.out().count();
      winners[j] = indexes[j] < 0 ? -1 : image * in.count() + chw(in, indexes[j]);
    }
    float[] ours = images(winners, maxpool.out());
    int different = 0;
    for (int j = 0; j < recorded.values().length; j++) {
      different += ours[recorded.index(j)] == recorded.values()[j] ? 0 : 1;
    }
    if (different > 0) {
      wrong.add(recorded.name() + ": " + different + " winners differ");
    }
  }

  /**
   * Compares a tensor, each of whose values may differ a little; of gradients and parameters in
   * deep networks (net_*) the README holds the tensor as a whole to a hundredth.
   */
  private void check(String name, float[] ours, boolean ofBackward) {
    Recorded recorded = c.tensors.get(name);
    if (recorded == null) {
      return;
    }
    compared.add(name);
    assertThat(ours.length).as(name).isEqualTo(recorded.count());
    double allowed = allowed(recorded);
    double worst = 0;
    double squares = 0;
    double reference = 0;
    for (int j = 0; j < recorded.values().length; j++) {
      double their = recorded.values()[j];
      double our = ours[recorded.index(j)];
      boolean same = (Double.isNaN(their) && Double.isNaN(our)) || their == our;
      double apart = same ? 0 : Math.abs(our - their);
      differences.add(same ? 0 : our - their, allowed * Math.sqrt(recorded.values().length));
      worst = Math.max(worst, Double.isNaN(apart) ? Double.POSITIVE_INFINITY : apart);
      squares += apart * apart;
      reference += Double.isFinite(their) ? their * their : 0;
    }
    if (worst <= allowed) {
      return;
    }
    double relative = Math.sqrt(squares / Math.max(reference, 1e-30));
    if (ofBackward && c.name().startsWith("net_") && relative < 1e-2) {
      loose = true;
      return;
    }
    wrong.add(
        name + ": differs by " + worst + ", allowed " + allowed + ", relative L2 " + relative);
  }

  private void checkCost(int ofStep, int sub, double cost) {
    for (JsonNode entry : c.manifest.get("cost")) {
      if (entry.get("step").asInt() != ofStep || entry.get("sub").asInt() != sub) {
        continue;
      }
      double their = GoldenCase.number(entry.get("value"));
      if (Double.isNaN(their) && Double.isNaN(cost)) {
        continue;
      }
      double allowed = 1e-5 * Math.abs(their) + 1e-12;
      double apart = Math.abs(cost - their);
      differences.add(cost - their, allowed);
      if (!(apart <= allowed)) {
        wrong.add("cost of step " + ofStep + "." + sub + ": " + cost + " instead of " + their);
      }
    }
  }

  private void checkRate(int step) {
    float their = (float) GoldenCase.number(c.manifest.get("rate").get(step - 1).get("rate"));
    if (!(Math.abs(net.rate() - their) <= Math.ulp(their))) {
      wrong.add("rate of step " + step + ": " + net.rate() + " instead of " + their);
    }
  }
}
