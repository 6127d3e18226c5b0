package plinius.simd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import plinius.kernel.Activation;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.Kernels;
import plinius.kernel.PoolShape;
import plinius.reference.ScalarKernels;

/**
 * Every kernel refuses ranges outside an array at its entry, before anything is written: in the
 * image vector accesses are not checked, and what reaches beyond an array there changes whatever
 * lies behind it.
 */
class RangesTest {
  /** Where the values begin, for a kernel that takes an offset. */
  private static final int AT = 3;

  private static final int IMAGES = 2;
  private static final int ROWS = 5;

  /** Some that fill vectors of every width, and some that do not. */
  private static final int[] CHANNELS = {1, 37, 64};

  private static final List<ConvShape> SHAPES =
      List.of(
          new ConvShape(5, 6, 3, 10, 3, 2, 1, 1),
          new ConvShape(4, 4, 8, 6, 1, 1, 0, 2),
          new ConvShape(1, 1, 37, 19, 1, 1, 0, 1),
          new ConvShape(4, 8, 32, 64, 3, 1, 1, 1));

  /** A kernel on arrays that are just long enough. */
  record Case(Method method, String what, List<Object> arrays, Call call) {
    @Override
    public String toString() {
      return method.getName() + " " + what;
    }
  }

  /** The kernel on these arrays, the floats and then the places. */
  private interface Call {
    void on(Kernels kernels, List<float[]> floats, int[] places);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void an_array_that_is_one_too_short_is_refused_before_anything_is_written(Case test) {
    for (Kernels kernels : List.of(new VectorKernels(), new ScalarKernels())) {
      assertThatCode(() -> run(test, kernels, copies(test.arrays, -1))).doesNotThrowAnyException();
      for (int i = 0; i < test.arrays.size(); i++) {
        List<Object> arrays = copies(test.arrays, i);
        List<Object> before = copies(arrays, -1);

        Throwable refusal = catchThrowable(() -> run(test, kernels, arrays));

        // Neither an access to an array nor one to a vector found it: these may be unchecked.
        assertThat(refusal)
            .as("%s with array %d too short", kernels.name(), i)
            .isExactlyInstanceOf(IndexOutOfBoundsException.class);
        assertThat(refusal.getStackTrace())
            .noneMatch(frame -> frame.getClassName().startsWith("jdk.incubator.vector"));
        for (int a = 0; a < arrays.size(); a++) {
          assertThat(arrays.get(a)).as("array %d", a).isEqualTo(before.get(a));
        }
      }
    }
  }

  @Test
  void no_kernel_is_missing_here() {
    Set<String> all =
        Arrays.stream(Kernels.class.getMethods())
            .filter(m -> !Modifier.isStatic(m.getModifiers()) && m.getParameterCount() > 0)
            .map(Method::getName)
            .collect(Collectors.toSet());

    Set<String> tested = cases().map(c -> c.method.getName()).collect(Collectors.toSet());

    assertThat(tested).isEqualTo(all).hasSizeGreaterThan(15);
  }

  private static void run(Case test, Kernels kernels, List<Object> arrays) {
    List<float[]> floats = new ArrayList<>();
    int[] places = {};
    for (Object array : arrays) {
      if (array instanceof float[] values) {
        floats.add(values);
      } else {
        places = (int[]) array;
      }
    }
    test.call.on(kernels, floats, places);
  }

  /** Copies of arrays, one of them without its last value. */
  private static List<Object> copies(List<Object> arrays, int shorter) {
    List<Object> copies = new ArrayList<>();
    for (int i = 0; i < arrays.size(); i++) {
      int less = i == shorter ? 1 : 0;
      Object array = arrays.get(i);
      copies.add(
          array instanceof float[] values
              ? Arrays.copyOf(values, values.length - less)
              : Arrays.copyOf((int[]) array, ((int[]) array).length - less));
    }
    return copies;
  }

  private static Case of(String kernel, String what, Call call, Object... arrays) {
    Method method =
        Arrays.stream(Kernels.class.getMethods())
            .filter(m -> m.getName().equals(kernel))
            .findFirst()
            .orElseThrow();
    long taken =
        Arrays.stream(method.getParameterTypes())
            .filter(type -> type == float[].class || type == int[].class)
            .count();
    assertThat(arrays).as(kernel).hasSize((int) taken);
    return new Case(method, what, List.of(arrays), call);
  }

  private static float[] values(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (i * 7919L % 1000 - 500) / 1000f;
    }
    return values;
  }

  static Stream<Case> cases() {
    List<Case> cases = new ArrayList<>();
    SHAPES.forEach(s -> convolutions(cases, s));
    IntStream.of(CHANNELS).forEach(c -> rows(cases, c));
    IntStream.of(CHANNELS).forEach(n -> vectors(cases, n));
    pools(cases, PoolShape.of(5, 4, 32, 2, 2, 1));
    pools(cases, PoolShape.of(5, 4, 5, 3, 1, 2));
    return cases.stream();
  }

  private static void convolutions(List<Case> cases, ConvShape s) {
    String what = ConvPlan.of(s) + " " + s;
    float[] x = values(AT + IMAGES * s.inputs());
    float[] y = values(AT + IMAGES * s.outputs());
    float[] w = values(AT + s.weights());
    float[] t = values(ConvPlan.preparedFloats(s));
    cases.add(
        of("prepareForward", what, (k, a, _) -> k.prepareForward(s, a.get(0), AT, a.get(1)), w, t));
    cases.add(
        of(
            "prepareBackward",
            what,
            (k, a, _) -> k.prepareBackward(s, a.get(0), AT, a.get(1)),
            w,
            t));
    cases.add(
        of(
            "convForward",
            what,
            (k, a, _) -> k.convForward(s, a.get(0), AT, a.get(1), a.get(2), AT, 1, IMAGES),
            x,
            t,
            y));
    cases.add(
        of(
            "convBackwardData",
            what,
            (k, a, _) -> k.convBackwardData(s, a.get(0), AT, a.get(1), a.get(2), AT, 1, IMAGES),
            y,
            t,
            x));
    cases.add(
        of(
            "convBackwardWeights",
            what,
            (k, a, _) ->
                k.convBackwardWeights(s, a.get(0), AT, a.get(1), AT, a.get(2), AT, 1, IMAGES),
            x,
            y,
            w));
    if (ConvPlan.of(s) == ConvPlan.WINOGRAD) {
      float[] sums = values(AT + ConvPlan.sumFloats(s));
      cases.add(
          of(
              "convSums",
              what,
              (k, a, _) -> k.convSums(s, a.get(0), AT, a.get(1), AT, a.get(2), AT, 1, IMAGES),
              x,
              y,
              sums));
      cases.add(
          of(
              "convUpdates",
              what,
              (k, a, _) -> k.convUpdates(s, a.get(0), AT, a.get(1), AT),
              sums,
              w));
    }
  }

  private static void rows(List<Case> cases, int c) {
    String what = c + " channels";
    float[] x = values(AT + ROWS * c);
    float[] sums = values(AT + c);
    cases.add(
        of("addBias", what, (k, a, _) -> k.addBias(a.get(0), AT, ROWS, c, a.get(1), AT), x, sums));
    cases.add(
        of(
            "channelSums",
            what,
            (k, a, _) -> k.channelSums(a.get(0), AT, ROWS, c, a.get(1), AT),
            x,
            sums));
    cases.add(
        of(
            "channelSquares",
            what,
            (k, a, _) -> k.channelSquares(a.get(0), AT, ROWS, c, a.get(1), AT, a.get(2), AT),
            x,
            sums,
            sums));
    for (Activation f : List.of(Activation.LEAKY, Activation.RELU, Activation.TANH)) {
      cases.add(
          of(
              "normalize",
              what + " " + f,
              (k, a, _) -> k.normalize(a.get(0), AT, ROWS, c, a.get(1), f, a.get(2), AT),
              x,
              values(3 * c),
              x));
      cases.add(
          of(
              "normalizeSums",
              what + " " + f,
              (k, a, _) ->
                  k.normalizeSums(
                      f, a.get(0), AT, a.get(1), a.get(2), AT, ROWS, c, a.get(3), a.get(4),
                      a.get(5), AT),
              x,
              x,
              x,
              values(c),
              sums,
              sums));
    }
    cases.add(
        of(
            "normalizeDelta",
            what,
            (k, a, _) -> k.normalizeDelta(a.get(0), a.get(1), AT, ROWS, c, a.get(2)),
            x,
            x,
            values(4 * c)));
  }

  private static void vectors(List<Case> cases, int n) {
    String what = n + " values";
    float[] x = values(AT + n);
    for (Activation f : Activation.values()) {
      cases.add(of("activate", what + " " + f, (k, a, _) -> k.activate(f, a.get(0), AT, n), x));
      cases.add(
          of(
              "gradient",
              what + " " + f,
              (k, a, _) -> k.gradient(f, a.get(0), AT, a.get(1), AT, n),
              x,
              x));
    }
    cases.add(of("axpy", what, (k, a, _) -> k.axpy(2, a.get(0), AT, a.get(1), AT, n), x, x));
    cases.add(of("scale", what, (k, a, _) -> k.scale(2, a.get(0), AT, n), x));
    cases.add(of("add", what, (k, a, _) -> k.add(a.get(0), AT, a.get(1), AT, n), x, x));
    cases.add(of("sgd", what, (k, a, _) -> k.sgd(2, 3, 4, a.get(0), AT, a.get(1), AT, n), x, x));
  }

  private static void pools(List<Case> cases, PoolShape s) {
    float[] x = values(AT + IMAGES * s.inputs());
    float[] y = values(AT + IMAGES * s.outputs());
    int[] index = new int[AT + IMAGES * s.outputs()];
    cases.add(
        of(
            "maxpoolForward",
            s.toString(),
            (k, a, p) -> k.maxpoolForward(s, a.get(0), AT, a.get(1), AT, p, AT, 1, IMAGES),
            x,
            y,
            index));
    cases.add(
        of(
            "maxpoolBackward",
            s.toString(),
            (k, a, p) -> k.maxpoolBackward(s, a.get(0), AT, p, AT, a.get(1), AT, 1, IMAGES),
            y,
            x,
            index));
  }
}
