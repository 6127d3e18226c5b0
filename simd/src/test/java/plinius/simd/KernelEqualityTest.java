package plinius.simd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static plinius.simd.Lanes.FLOATS;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.Kernels;
import plinius.reference.ScalarKernels;
import plinius.simd.KernelDigest.Values;

/** The bits are the reference's, in every state of the compiler and at every width. */
class KernelEqualityTest {
  private static final String SEED = "1";

  /** Bits of vectors of all types: AVX of version 1 has wider ones of floats only. */
  private static final Map<String, Integer> OF_AVX = Map.of("1", 128, "2", 256);

  @Test
  void vector_kernels_give_the_bits_of_the_reference() {
    long seed = Long.getLong("test.seed", System.nanoTime());

    Map<String, Long> reference = KernelDigest.of(new ScalarKernels(), seed, Values.USUAL);
    Map<String, Long> vector = KernelDigest.of(new VectorKernels(), seed, Values.USUAL);

    assertThat(KernelDigest.difference(reference, vector)).as("-Dtest.seed=%d", seed).isEmpty();
    assertThat(vector).hasSameSizeAs(reference).hasSizeGreaterThan(300);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=0.2",
        "-XX:-TieredCompilation",
        "-XX:MaxVectorSize=16",
        "-XX:MaxVectorSize=32 -Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0",
      })
  void bits_do_not_depend_on_compiler_or_width(String options) throws Exception {
    int rounds = options.contains("CompileThresholdScaling") ? 2 : 10;

    String digest = child(options, "vector", rounds, Values.USUAL);

    assertThat(digest).isEqualTo(expected(Values.USUAL));
  }

  @Test
  void interpreted_small_shapes_have_the_same_bits() throws Exception {
    Map<String, Long> expected = KernelDigest.small(new ScalarKernels(), Long.parseLong(SEED));

    assertThat(child("-Xint", "vector", 1, "small", Values.USUAL)).isEqualTo(expected.toString());
    assertThat(expected.keySet().toString()).contains("block by block"); // of Winograd's plan only
  }

  @Test
  @Tag("long")
  void interpreted_all_shapes_have_the_same_bits() throws Exception {
    assertThat(child("-Xint", "vector", 1, Values.USUAL)).isEqualTo(expected(Values.USUAL));
  }

  @ParameterizedTest
  @Tag("long")
  @ValueSource(
      strings = {
        "-Xcomp",
        "-Xcomp -XX:-TieredCompilation",
        "-XX:UseAVX=1",
        "-XX:UseAVX=2",
        "-XX:-TieredCompilation -Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0",
        "-XX:+UnlockExperimentalVMOptions -XX:-EnableVectorSupport",
      })
  void bits_do_not_depend_on_rarer_options(String options) throws Exception {
    assertThat(child(options, "vector", 50, Values.USUAL)).isEqualTo(expected(Values.USUAL));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-Xint", "-XX:-TieredCompilation"})
  void the_reference_itself_does_not_depend_on_the_compiler(String options) throws Exception {
    int rounds = options.equals("-Xint") ? 1 : 10;

    assertThat(child(options, "scalar", rounds, Values.USUAL)).isEqualTo(expected(Values.USUAL));
  }

  @ParameterizedTest
  @EnumSource(Values.class)
  void denormals_infinities_and_nans_make_what_they_make_in_the_reference(Values values) {
    long seed = Long.getLong("test.seed", System.nanoTime());

    Map<String, Long> reference = KernelDigest.of(new ScalarKernels(), seed, values);
    Map<String, Long> vector = KernelDigest.of(new VectorKernels(), seed, values);

    assertThat(KernelDigest.difference(reference, vector)).as("-Dtest.seed=%d", seed).isEmpty();
  }

  @Test
  void compiled_too_denormals_infinities_and_nans_make_what_they_make_in_the_reference()
      throws Exception {
    Values[] rare = {Values.SMALL, Values.INFINITE, Values.NOT_A_NUMBER};

    String soon = "-XX:-TieredCompilation -XX:CompileThresholdScaling=0.2";

    assertThat(child(soon, "vector", 3, rare)).isEqualTo(expected(rare));
  }

  /** So the comparisons above are with compiled code, and not with the interpreter once more. */
  @Test
  void the_optimizing_compiler_has_all_kernels_and_their_bits_are_those_of_the_reference(
      @TempDir Path folder) throws Exception {
    Path log = folder.resolve("compilations");
    String options =
        "-XX:-TieredCompilation -Xbatch -XX:CompileCommand=quiet"
            + " -XX:CompileCommand=CompileThresholdScaling,plinius.simd.*::*,0.001"
            + " -XX:CompileCommand=dontinline,plinius.simd.VectorKernels::*"
            + " -Xlog:jit+compilation=debug:file=%s:none".formatted(log);

    String digest = child(options, "vector", 5, Values.USUAL);

    assertThat(digest).isEqualTo(expected(Values.USUAL));
    assertThat(compiled(log)).containsAll(kernels()).containsAll(tiles());
  }

  /** Class and name of each method of ours in the log; a method that is given up comes again. */
  private static Set<String> compiled(Path log) throws IOException {
    Pattern method = Pattern.compile(" plinius\\.simd\\.(\\w+::\\w+) ");
    try (Stream<String> lines = Files.lines(log)) {
      return lines
          .flatMap(line -> method.matcher(line).results())
          .map(match -> match.group(1))
          .collect(Collectors.toSet());
    }
  }

  private static Set<String> kernels() {
    return Arrays.stream(VectorKernels.class.getDeclaredMethods())
        .filter(m -> Modifier.isPublic(m.getModifiers()) && m.getParameterCount() > 0)
        .map(m -> "VectorKernels::" + m.getName())
        .collect(Collectors.toSet());
  }

  /** The loops in which convolutions spend their time, as wide as they are used here. */
  private static List<String> tiles() {
    String widest = Lanes.REGISTERS == 32 ? "eight" : "five";
    List<String> tiles = new ArrayList<>();
    Stream.of("one", "four", widest).map("ForwardTiles::"::concat).forEach(tiles::add);
    Stream.of("one", "four").map("GradientTiles::"::concat).forEach(tiles::add);
    if (Lanes.REGISTERS == 32) {
      tiles.add("GradientTiles::eight");
    }
    return tiles;
  }

  /** Else the widths above would be those of a virtual machine that was told to take less. */
  @Test
  void the_vectors_here_are_as_wide_as_those_of_the_processor() throws IOException {
    Path processor = Path.of("/proc/cpuinfo");
    assumeTrue(Files.isReadable(processor), "no /proc/cpuinfo");
    Set<String> words = new HashSet<>(List.of(Files.readString(processor).split("\\s+", -1)));

    // Older ones that have 512 bits, the virtual machine spares: they become slower by it.
    int least = words.contains("avx512_vbmi") ? 512 : words.contains("avx2") ? 256 : 128;

    assertThat(FLOATS.vectorBitSize()).isGreaterThanOrEqualTo(least);
  }

  @Test
  void the_digest_notices_one_changed_bit() {
    Map<String, Long> one = KernelDigest.of(new ScalarKernels(), 1, Values.USUAL);
    Map<String, Long> other = KernelDigest.of(new ScalarKernels(), 2, Values.USUAL);

    assertThat(KernelDigest.difference(one, one)).isEmpty();
    assertThat(KernelDigest.difference(one, other)).hasSizeGreaterThan(one.size() / 2);
  }

  @Test
  void a_large_convolution_gives_the_bits_of_the_reference_however_its_images_are_divided() {
    ConvShape s = new ConvShape(14, 14, 64, 64, 3, 1, 1, 1);
    int images = 6; // more tiles than are transformed at a time
    float[] x = values(images * s.inputs(), 1);
    float[] w = values(s.weights(), 2);
    float[] whole = new float[images * s.outputs()];
    float[] parts = new float[whole.length];
    float[] reference = new float[whole.length];

    float[] prepared = new float[ConvPlan.preparedFloats(s)];

    Kernels vector = new VectorKernels();
    vector.prepareForward(s, w, 0, prepared);
    vector.convForward(s, x, 0, prepared, whole, 0, 0, images);
    vector.convForward(s, x, 0, prepared, parts, 0, 0, 1);
    vector.convForward(s, x, 0, prepared, parts, 0, 1, images);
    Kernels scalar = new ScalarKernels();
    scalar.prepareForward(s, w, 0, prepared);
    scalar.convForward(s, x, 0, prepared, reference, 0, 0, images);

    assertThat(bits(whole)).isEqualTo(bits(reference));
    assertThat(bits(parts)).isEqualTo(bits(reference));
  }

  @Test
  void the_best_kernels_here_are_the_vector_ones() {
    assertThat(Kernels.best()).isInstanceOf(VectorKernels.class);
  }

  @Test
  void without_the_vector_module_the_best_kernels_are_scalar() throws Exception {
    assertThat(ChildJvm.run(List.of(), BestKernels.class, List.of())).isEqualTo("scalar");
  }

  /** Prints which kernels this virtual machine chooses. */
  static final class BestKernels {
    private BestKernels() {}

    public static void main(String[] arguments) {
      System.out.println(Kernels.best().name());
    }
  }

  @Test
  void ranges_outside_an_array_are_refused_before_anything_is_written() {
    Kernels kernels = new VectorKernels();
    ConvShape s = new ConvShape(4, 4, 16, 16, 3, 1, 1, 1);
    float[] x = new float[2 * s.inputs()];
    float[] w = values(s.weights(), 1);
    float[] prepared = new float[ConvPlan.preparedFloats(s)];
    float[] y = new float[2 * s.outputs()];
    Arrays.fill(y, 7);

    assertThatThrownBy(() -> kernels.convForward(s, x, 1, prepared, y, 0, 0, 2))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> kernels.prepareForward(s, w, -1, prepared))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> kernels.convForward(s, x, 0, new float[9], y, 0, 0, 2))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> kernels.convForward(s, x, 0, prepared, y, 0, 1, 3))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> kernels.addBias(y, 0, y.length, 16, w, 0))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> kernels.add(x, 0, y, y.length - 15, 16))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(y).containsOnly(7);
  }

  private static String expected(Values... values) {
    return KernelDigest.of(new ScalarKernels(), Long.parseLong(SEED), values).toString();
  }

  private static String child(String options, String kernels, int rounds, Values... values)
      throws Exception {
    return child(options, kernels, rounds, "guarded", values);
  }

  private static String child(
      String options, String kernels, int rounds, String mode, Values... values) throws Exception {
    List<String> all = new ArrayList<>(List.of("--add-modules", "jdk.incubator.vector"));
    all.addAll(List.of(options.split(" ", -1)));
    List<String> arguments = new ArrayList<>(List.of(kernels, SEED, Integer.toString(rounds)));
    arguments.add(mode);
    Arrays.stream(values).map(Values::name).forEach(arguments::add);
    String line = ChildJvm.run(all, KernelDigest.class, arguments);
    String name = kernels.equals("vector") ? "vector (%d bits)".formatted(width(options)) : kernels;
    assertThat(line).as(options).startsWith(name + " {");
    return line.substring(line.indexOf('{'));
  }

  /** Bits of the vectors that options ask for, or all that the processor has. */
  private static int width(String options) {
    Matcher asked = Pattern.compile("MaxVectorSize=(\\d+)|UseAVX=(\\d+)").matcher(options);
    int bits = FLOATS.vectorBitSize();
    if (!asked.find()) {
      return bits;
    }
    boolean bytes = asked.group(1) != null;
    return Math.min(
        bits, bytes ? 8 * Integer.parseInt(asked.group(1)) : OF_AVX.get(asked.group(2)));
  }

  private static float[] values(int count, int step) {
    float[] array = new float[count];
    for (int i = 0; i < count; i++) {
      array[i] = i * 7919L * step % 1000 / 1000f - 0.5f;
    }
    return array;
  }

  private static int[] bits(float[] array) {
    int[] bits = new int[array.length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(array[i]));
    return bits;
  }
}
