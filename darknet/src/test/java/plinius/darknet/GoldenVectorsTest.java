package plinius.darknet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.kernel.ConvShape;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;
import plinius.reference.ScalarKernels;

/**
 * Compares every layer with what the original Darknet computed: inference, one training step in all
 * its tensors, and the parameters after one and three steps. Tolerances are those of the vectors'
 * README; how it is told apart from branches that went the other way stands in {@link GoldenRun}.
 * Each case is a test of its own name; its tables are in {@link TablesTest}.
 */
final class GoldenVectorsTest {
  /** Multiply-adds of one pass that are too many for the reference kernels in the default suite. */
  private static final long MUCH = 200_000_000;

  @TestFactory
  Stream<DynamicTest> original_on_scalar_kernels(TestReporter reporter) {
    return GoldenCase.all()
        .map(
            c ->
                dynamicTest(
                    c.name(),
                    () -> {
                      assumeTrue(
                          products(c) <= MUCH,
                          "too much arithmetic for the reference kernels: mvn verify -Plong");
                      compare(c, new ScalarKernels(), reporter);
                    }));
  }

  @TestFactory
  @Tag("long")
  Stream<DynamicTest> original_on_scalar_kernels_large_networks(TestReporter reporter) {
    return GoldenCase.all()
        .filter(c -> products(c) > MUCH)
        .map(c -> dynamicTest(c.name(), () -> compare(c, new ScalarKernels(), reporter)));
  }

  @TestFactory
  Stream<DynamicTest> original_on_vector_kernels(TestReporter reporter) {
    return GoldenCase.all()
        .map(c -> dynamicTest(c.name(), () -> compare(c, Kernels.best(), reporter)));
  }

  @Test
  void vector_kernels_are_there() {
    assertThat(Kernels.best().name()).startsWith("vector");
  }

  private static long products(GoldenCase c) {
    long products = 0;
    for (JsonNode layer : c.manifest.get("layers")) {
      long places =
          Math.max(1, layer.path("out_h").asLong()) * Math.max(1, layer.path("out_w").asLong());
      products += layer.path("nweights").asLong() * places * layer.path("batch").asLong();
    }
    return products;
  }

  private static void compare(GoldenCase c, Kernels kernels, TestReporter reporter) {
    try (Workers workers = new Workers(2)) {
      GoldenRun run = new GoldenRun(c, workers, k -> k, 64);
      List<String> differences = run.differences(kernels);
      if (!run.forced().isEmpty()) {
        reporter.publishEntry(c.name(), "branches as the original took them: " + run.forced());
      }
      assertThat(differences).as("with the branches %s", run.forced()).isEmpty();
    }
  }

  /** Arithmetic that is two hundredths wrong in one place. */
  enum Mutant {
    WEIGHT_GRADIENT,
    DATA_GRADIENT,
    MOMENTUM;

    Kernels of(Kernels plain) {
      return (Kernels)
          Proxy.newProxyInstance(
              Mutant.class.getClassLoader(),
              new Class<?>[] {Kernels.class},
              (proxy, method, a) -> {
                if (this == MOMENTUM && method.getName().equals("sgd")) {
                  a[2] = (float) a[2] * 1.02f;
                }
                try {
                  Object result = method.invoke(plain, a);
                  spoil(plain, method.getName(), a);
                  return result;
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });
    }

    /** What a convolution back has just written, in one layer. */
    private void spoil(Kernels plain, String method, Object[] a) {
      if (!method.startsWith("convBackward")) {
        return;
      }
      ConvShape s = (ConvShape) a[0];
      if (s.c() != 64 || s.filters() != 128) {
        return;
      }
      if (this == WEIGHT_GRADIENT && method.equals("convBackwardWeights")) {
        plain.scale(1.02f, (float[]) a[5], (int) a[6], s.weights());
      } else if (this == DATA_GRADIENT && method.equals("convBackwardData")) {
        int from = (int) a[6] * s.inputs();
        int to = (int) a[7] * s.inputs();
        plain.scale(1.02f, (float[]) a[4], (int) a[5] + from, to - from);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void branches_do_not_explain_wrong_arithmetic(Mutant mutant) {
    GoldenCase deep =
        GoldenCase.all().filter(c -> c.name().equals("net_mnist12_b8")).findFirst().orElse(null);
    assumeTrue(deep != null, "no case net_mnist12_b8: set -Dplinius.vectors");
    try (Workers workers = new Workers(2)) {
      assertThat(new GoldenRun(deep, workers, mutant::of, 16).differences(Kernels.best()))
          .isNotEmpty();
    }
  }
}
