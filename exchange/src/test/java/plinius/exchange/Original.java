package plinius.exchange;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Debian's libdarknet, called as darknet.h declares it. */
final class Original {
  private static final Path LIBRARY = Path.of("/usr/lib/darknet/libdarknet.so");

  /** darknet.h: image. */
  private static final StructLayout IMAGE =
      MemoryLayout.structLayout(
          JAVA_INT.withName("w"),
          JAVA_INT.withName("h"),
          JAVA_INT.withName("c"),
          MemoryLayout.paddingLayout(4),
          ADDRESS.withName("data"));

  /** darknet.h: detection. */
  private static final StructLayout DETECTION =
      MemoryLayout.structLayout(
          JAVA_FLOAT.withName("x"),
          JAVA_FLOAT.withName("y"),
          JAVA_FLOAT.withName("w"),
          JAVA_FLOAT.withName("h"),
          JAVA_INT.withName("classes"),
          MemoryLayout.paddingLayout(4),
          ADDRESS.withName("prob"),
          ADDRESS.withName("mask"),
          JAVA_FLOAT.withName("objectness"),
          JAVA_INT.withName("sort_class"));

  private final Arena arena = Arena.global(); // the original frees nothing either
  private final SymbolLookup symbols;
  private final MemorySegment network;

  /** A box that it found. */
  record Found(float x, float y, float w, float h, float objectness) {}

  private Original(SymbolLookup symbols, MemorySegment network) {
    this.symbols = symbols;
    this.network = network;
  }

  private static SymbolLookup library() {
    assumeTrue(Files.exists(LIBRARY), "there is no " + LIBRARY + ": apt-get install darknet");
    return SymbolLookup.libraryLookup(LIBRARY, Arena.global());
  }

  /** Parses a configuration and loads its weights. */
  static Original load(Path cfg, Path weights) {
    SymbolLookup symbols = library();
    Arena arena = Arena.global();
    MethodHandle load =
        handle(symbols, "load_network", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS, JAVA_INT));
    MemorySegment cfgName = arena.allocateFrom(cfg.toString());
    MemorySegment weightsName = arena.allocateFrom(weights.toString());
    return new Original(
        symbols, call(() -> (MemorySegment) load.invokeExact(cfgName, weightsName, 0)));
  }

  /** A picture in (c, h, w) order, scaled to a size. */
  static float[] picture(Path file, int w, int h) {
    SymbolLookup symbols = library();
    MethodHandle load =
        handle(
            symbols, "load_image_color", FunctionDescriptor.of(IMAGE, ADDRESS, JAVA_INT, JAVA_INT));
    MemorySegment name = Arena.global().allocateFrom(file.toString());
    MemorySegment image =
        call(
            () ->
                (MemorySegment)
                    load.invokeExact(
                        (java.lang.foreign.SegmentAllocator) Arena.global(), name, w, h));
    return floats(image.get(ADDRESS, offset(IMAGE, "data")), 3 * w * h);
  }

  /** What the network says about one image. */
  float[] predict(float[] input, int outputs) {
    MethodHandle predict =
        handle(symbols, "network_predict", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
    MemorySegment in = arena.allocateFrom(JAVA_FLOAT, input);
    return floats(call(() -> (MemorySegment) predict.invokeExact(network, in)), outputs);
  }

  /** The boxes of the last prediction, before suppression. */
  List<Found> boxes(int w, int h, float threshold) {
    MethodHandle boxes =
        handle(
            symbols,
            "get_network_boxes",
            FunctionDescriptor.of(
                ADDRESS,
                ADDRESS,
                JAVA_INT,
                JAVA_INT,
                JAVA_FLOAT,
                JAVA_FLOAT,
                ADDRESS,
                JAVA_INT,
                ADDRESS));
    MemorySegment count = arena.allocate(JAVA_INT);
    MemorySegment found =
        call(() ->
                (MemorySegment)
                    boxes.invokeExact(network, w, h, threshold, .5f, MemorySegment.NULL, 1, count))
            .reinterpret(DETECTION.byteSize() * count.get(JAVA_INT, 0));
    List<Found> list = new ArrayList<>();
    for (int i = 0; i < count.get(JAVA_INT, 0); i++) {
      MemorySegment one = found.asSlice(i * DETECTION.byteSize(), DETECTION.byteSize());
      list.add(
          new Found(
              one.get(JAVA_FLOAT, offset(DETECTION, "x")),
              one.get(JAVA_FLOAT, offset(DETECTION, "y")),
              one.get(JAVA_FLOAT, offset(DETECTION, "w")),
              one.get(JAVA_FLOAT, offset(DETECTION, "h")),
              one.get(JAVA_FLOAT, offset(DETECTION, "objectness"))));
    }
    return list;
  }

  private static float[] floats(MemorySegment at, int count) {
    return at.reinterpret(4L * count).toArray(JAVA_FLOAT);
  }

  private static long offset(StructLayout layout, String field) {
    return layout.byteOffset(PathElement.groupElement(field));
  }

  private static MethodHandle handle(SymbolLookup symbols, String name, FunctionDescriptor type) {
    return Linker.nativeLinker().downcallHandle(symbols.findOrThrow(name), type);
  }

  /** A call that, like all method handles, throws anything. */
  private interface Call {
    MemorySegment run() throws Throwable;
  }

  private static MemorySegment call(Call call) {
    try {
      return call.run();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
