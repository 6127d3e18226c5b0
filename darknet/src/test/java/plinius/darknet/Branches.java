package plinius.darknet;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntToDoubleFunction;
import plinius.darknet.layer.Inside;
import plinius.darknet.layer.Layer;
import plinius.darknet.layer.MaxpoolLayer;
import plinius.kernel.Activation;
import plinius.kernel.Kernels;
import plinius.kernel.PoolShape;

/**
 * Kernels that watch where a network branches: on which side of an activation's kink a value lies,
 * and which value of a pooling window is the largest. Where both sides lie within a tolerance, they
 * can be made to go the other way, in the backward pass only: that is what a different order of
 * summation does, and all that it may do.
 */
final class Branches implements InvocationHandler {
  /**
   * A branch that could as well have gone the other way.
   *
   * @param pass number of the forward pass, from 0
   * @param layer whose output it is
   * @param at place in that output
   * @param other the value that would have won the window, within (h, w, c); -1 for a sign
   * @param closeness to the kink, as a share of the tolerance
   */
  record Branch(int pass, int layer, int at, int other, double closeness) {
    @Override
    public String toString() {
      return "%s %d of layer %d in pass %d (%.4f of the tolerance from the kink)"
          .formatted(other < 0 ? "sign" : "winner", at, layer, pass, closeness);
    }
  }

  /** Where the slope of an activation jumps. */
  private static final Map<Activation, List<Float>> KINKS =
      Map.of(
          Activation.RELU, List.of(0f),
          Activation.LEAKY, List.of(0f),
          Activation.RELIE, List.of(0f),
          Activation.RAMP, List.of(0f),
          Activation.SELU, List.of(0f),
          Activation.HARDTAN, List.of(-1f, 1f),
          Activation.LHTAN, List.of(0f, 1f),
          Activation.PLSE, List.of(-4f, 4f));

  private final Kernels plain;
  private final IdentityHashMap<float[], Integer> outputs = new IdentityHashMap<>();
  private final IdentityHashMap<int[], Integer> indexes = new IdentityHashMap<>();
  private final List<Branch> near = new ArrayList<>();
  private IntToDoubleFunction tolerance = layer -> 0;
  private Set<Branch> forced = Set.of();
  private boolean looking;
  private int pass;

  Branches(Kernels plain) {
    this.plain = plain;
  }

  Kernels kernels() {
    ClassLoader loader = Branches.class.getClassLoader();
    return (Kernels) Proxy.newProxyInstance(loader, new Class<?>[] {Kernels.class}, this);
  }

  /**
   * Begins with a network built on these kernels.
   *
   * @param tolerance by layer: how much its outputs may differ
   */
  void watch(Network net, IntToDoubleFunction tolerance) {
    this.tolerance = tolerance;
    for (Layer layer : net.layers()) {
      // A dropout in place shares the output of the layer before it.
      outputs.putIfAbsent(layer.output(), layer.index());
      if (layer instanceof MaxpoolLayer maxpool) {
        indexes.put(Inside.indexes(maxpool), layer.index());
      }
    }
  }

  /** Before each forward pass: which branches go the other way, and whether to look for more. */
  void begin(int number, Set<Branch> forced, boolean looking) {
    this.pass = number;
    this.forced = forced;
    this.looking = looking;
  }

  /** Branches near a kink that were seen, the nearest first. */
  List<Branch> near() {
    // Threads find them in any order.
    near.sort(
        Comparator.comparingDouble(Branch::closeness)
            .thenComparingInt(Branch::layer)
            .thenComparingInt(Branch::at));
    return near;
  }

  @Override
  public Object invoke(Object proxy, Method method, Object[] a) throws Throwable {
    try {
      switch (method.getName()) {
        case "normalize" -> {
          if (looking) {
            normalizeAndLook(method, a);
            return null;
          }
        }
        case "activate" -> lookAtSigns((Activation) a[0], (float[]) a[1], (int) a[2], (int) a[3]);
        case "maxpoolForward" -> {
          method.invoke(plain, a);
          lookAtWindows(a);
          return null;
        }
        case "gradient" -> {
          forceSigns((Activation) a[0], (float[]) a[1], (int) a[2], (int) a[5], method, a);
          return null;
        }
        case "normalizeSums" -> {
          int count = (int) a[6] * (int) a[7];
          forceSigns((Activation) a[0], (float[]) a[1], (int) a[2], count, method, a);
          return null;
        }
        case "maxpoolBackward" -> {
          forceWinners(method, a);
          return null;
        }
        default -> {}
      }
      return method.invoke(plain, a);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /** In two steps, for what lies between them; only the branches are taken from this pass. */
  private void normalizeAndLook(Method method, Object[] a) throws ReflectiveOperationException {
    Activation activation = (Activation) a[5];
    float[] y = (float[]) a[6];
    int at = (int) a[7];
    int count = (int) a[2] * (int) a[3];
    a[5] = Activation.LINEAR;
    method.invoke(plain, a);
    lookAtSigns(activation, y, at, count);
    plain.activate(activation, y, at, count);
  }

  private void lookAtSigns(Activation activation, float[] x, int at, int count) {
    Integer layer = outputs.get(x);
    if (!looking || layer == null) {
      return;
    }
    double allowed = tolerance.applyAsDouble(layer);
    for (float kink : KINKS.getOrDefault(activation, List.of())) {
      for (int i = at; i < at + count; i++) {
        double distance = Math.abs(x[i] - kink);
        if (distance <= allowed) {
          add(new Branch(pass, layer, i, -1, distance / allowed));
        }
      }
    }
  }

  private synchronized void add(Branch branch) {
    near.add(branch);
  }

  private void lookAtWindows(Object[] a) {
    PoolShape s = (PoolShape) a[0];
    float[] x = (float[]) a[1];
    float[] y = (float[]) a[3];
    int[] winners = (int[]) a[5];
    Integer layer = indexes.get(winners);
    if (!looking || layer == null) {
      return;
    }
    double allowed = 2 * tolerance.applyAsDouble(layer); // both values may differ
    int first = (int) a[6]; // of the first image, in the output
    for (int i = (int) a[7] * s.outputs(); i < (int) a[8] * s.outputs(); i++) {
      int place = first + i;
      int image = (int) a[2] + i / s.outputs() * s.inputs();
      for (int tap = 0; tap < s.size() * s.size(); tap++) {
        int at = tap(s, i % s.outputs(), tap);
        if (at < 0 || at == winners[place]) {
          continue;
        }
        double distance = y[place] - x[image + at];
        if (distance > 0 && distance <= allowed) { // of equals the first wins, here as there
          add(new Branch(pass, layer, place, at, distance / allowed));
        }
      }
    }
  }

  /** Where a window's value lies in the image, or -1 for outside. */
  private static int tap(PoolShape s, int output, int tap) {
    int c = output % s.c();
    int column = output / s.c() % s.outW() * s.stride() - s.padding() / 2 + tap % s.size();
    int row = output / s.c() / s.outW() * s.stride() - s.padding() / 2 + tap / s.size();
    boolean inside = row >= 0 && row < s.h() && column >= 0 && column < s.w();
    return inside ? (row * s.w() + column) * s.c() + c : -1;
  }

  private void forceSigns(
      Activation activation, float[] y, int at, int count, Method method, Object[] a)
      throws ReflectiveOperationException {
    Integer layer = outputs.get(y);
    Map<Integer, Float> kept = new HashMap<>();
    for (Branch branch : forced) {
      if (is(branch, layer) && branch.other < 0 && branch.at >= at && branch.at < at + count) {
        kept.put(branch.at, y[branch.at]);
        y[branch.at] = otherSide(activation, y[branch.at]);
      }
    }
    method.invoke(plain, a);
    kept.forEach((place, value) -> y[place] = value);
  }

  private boolean is(Branch branch, Integer layer) {
    return layer != null && branch.layer == layer && branch.pass == pass;
  }

  /** An output with the slope of the other side of the nearest kink. */
  private static float otherSide(Activation activation, float y) {
    float kink =
        KINKS.get(activation).stream()
            .min(Comparator.comparingDouble(k -> Math.abs(y - activation.apply(k))))
            .orElseThrow();
    float below = activation.apply(kink - .001f);
    float above = activation.apply(kink + .001f);
    return activation.gradient(y) == activation.gradient(below) ? above : below;
  }

  private void forceWinners(Method method, Object[] a) throws ReflectiveOperationException {
    PoolShape s = (PoolShape) a[0];
    int[] winners = (int[]) a[3];
    Integer layer = indexes.get(winners);
    Map<Integer, Integer> kept = new HashMap<>();
    for (Branch branch : forced) {
      int image = branch.at / s.outputs();
      if (is(branch, layer) && image >= (int) a[7] && image < (int) a[8]) {
        kept.put(branch.at, winners[branch.at]);
        winners[branch.at] = branch.other;
      }
    }
    method.invoke(plain, a);
    kept.forEach((place, value) -> winners[place] = value);
  }
}
