package plinius.benchmarks.train;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SplittableRandom;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.cfg.Section;

/**
 * The original as a shared library (darknet.h: parse_network_cfg, train_network): one call trains
 * on one batch.
 */
final class DarknetTrainer implements Trainer {
  /** darknet.h: matrix. */
  private static final StructLayout MATRIX =
      MemoryLayout.structLayout(
          JAVA_INT.withName("rows"), JAVA_INT.withName("cols"), ADDRESS.withName("vals"));

  /** darknet.h: data. */
  private static final StructLayout DATA =
      MemoryLayout.structLayout(
          JAVA_INT.withName("w"),
          JAVA_INT.withName("h"),
          MATRIX.withName("X"),
          MATRIX.withName("y"),
          JAVA_INT.withName("shallow"),
          MemoryLayout.paddingLayout(4),
          ADDRESS.withName("num_boxes"),
          ADDRESS.withName("boxes"));

  private final Arena arena = Arena.ofShared();
  private final int threads;
  private final MethodHandle train;
  private final Optional<MethodHandle> setThreads;
  private final MemorySegment network;
  private final MemorySegment data = arena.allocate(DATA);

  /**
   * Loads library and network.
   *
   * @param truths values of an image's truth
   */
  DarknetTrainer(Path library, Path cfgPath, CfgFile cfg, int truths, int threads) {
    this.threads = threads;
    Linker linker = Linker.nativeLinker();
    SymbolLookup symbols = SymbolLookup.libraryLookup(library, arena);
    MethodHandle parse =
        linker.downcallHandle(
            symbols.findOrThrow("parse_network_cfg"), FunctionDescriptor.of(ADDRESS, ADDRESS));
    train =
        linker.downcallHandle(
            symbols.findOrThrow("train_network"), FunctionDescriptor.of(JAVA_FLOAT, ADDRESS, DATA));
    setThreads =
        symbols
            .find("omp_set_num_threads")
            .map(f -> linker.downcallHandle(f, FunctionDescriptor.ofVoid(JAVA_INT)));
    MemorySegment name = arena.allocateFrom(cfgPath.toString());
    network = call(() -> (MemorySegment) parse.invokeExact(name));

    Section net = cfg.net();
    int inputs = net.integer("height") * net.integer("width") * net.integer("channels");
    SplittableRandom random = new SplittableRandom(1);
    matrix("X", net.integer("batch"), inputs, (row, column) -> (float) random.nextDouble());
    matrix("y", net.integer("batch"), truths, (row, column) -> row % truths == column ? 1 : 0);
  }

  /** What stands in a matrix. */
  private interface Filler {
    float at(int row, int column);
  }

  private void matrix(String name, int rows, int columns, Filler filler) {
    MemorySegment pointers = arena.allocate(ADDRESS, rows);
    for (int row = 0; row < rows; row++) {
      MemorySegment values = arena.allocate(JAVA_FLOAT, columns);
      for (int column = 0; column < columns; column++) {
        values.setAtIndex(JAVA_FLOAT, column, filler.at(row, column));
      }
      pointers.setAtIndex(ADDRESS, row, values);
    }
    MemorySegment matrix =
        data.asSlice(DATA.byteOffset(PathElement.groupElement(name)), MATRIX.byteSize());
    matrix.set(JAVA_INT, 0, rows);
    matrix.set(JAVA_INT, 4, columns);
    matrix.set(ADDRESS, 8, pointers);
  }

  @Override
  public String implementation() {
    return "darknet";
  }

  @Override
  public String variant() {
    return setThreads.isPresent() ? "openmp" : "one thread";
  }

  @Override
  public void iterate() {
    float loss =
        call(
            () -> {
              if (setThreads.isPresent()) {
                setThreads.get().invokeExact(threads);
              }
              return (float) train.invokeExact(network, data);
            });
    if (Float.isNaN(loss)) {
      throw new IllegalStateException("the original's loss is not a number: its time says nothing");
    }
  }

  /** A call that, like all method handles, throws anything. */
  private interface Call<T> {
    T run() throws Throwable;
  }

  private static <T> T call(Call<T> call) {
    try {
      return call.run();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** The original frees nothing that it parsed. */
  @Override
  public void close() {
    arena.close();
  }
}
