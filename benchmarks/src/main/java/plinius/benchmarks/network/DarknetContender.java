package plinius.benchmarks.network;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.io.UncheckedIOException;
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
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;

/**
 * The original as a shared library (darknet.h: parse_network_cfg, train_network, network_predict):
 * one call trains on one batch, or asks about it. It reads the configuration's canonical text, so
 * that what was overridden holds for it too.
 */
final class DarknetContender implements Contender {
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

  private static final String PARSE = "parse_network_cfg";
  private static final String TRAIN = "train_network";
  private static final String PREDICT = "network_predict";

  private final Arena arena = Arena.ofShared();
  private final int threads;
  private final Task.Work work;
  private final MethodHandle train;
  private final MethodHandle predict;
  private final Optional<MethodHandle> setThreads;
  private final MemorySegment network;
  private final MemorySegment data = arena.allocate(DATA);
  private final MemorySegment images;

  /** Loads library and network. */
  DarknetContender(Path library, Task task) {
    threads = task.threads();
    work = task.work();
    Linker linker = Linker.nativeLinker();
    SymbolLookup symbols = load(library, arena);
    MethodHandle parse =
        linker.downcallHandle(symbols.findOrThrow(PARSE), FunctionDescriptor.of(ADDRESS, ADDRESS));
    train =
        linker.downcallHandle(
            symbols.findOrThrow(TRAIN), FunctionDescriptor.of(JAVA_FLOAT, ADDRESS, DATA));
    predict =
        linker.downcallHandle(
            symbols.findOrThrow(PREDICT), FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
    setThreads =
        symbols
            .find("omp_set_num_threads")
            .map(f -> linker.downcallHandle(f, FunctionDescriptor.ofVoid(JAVA_INT)));
    network = load(parse, task);
    SplittableRandom random = new SplittableRandom(1);
    int truths = task.truths();
    images = matrix("X", task.batch(), task.inputs(), (_, _) -> (float) random.nextDouble());
    matrix("y", task.batch(), truths, (row, column) -> row % truths == column ? 1 : 0);
    if (work == Task.Work.INFER) {
      // Else its rolling variances would be 0, and its answers NaN.
      call(() -> (float) train.invokeExact(network, data));
    }
  }

  /** The library, which has to be there and to be the original's. */
  private static SymbolLookup load(Path library, Arena arena) {
    SymbolLookup symbols;
    try {
      symbols = SymbolLookup.libraryLookup(library, arena);
    } catch (IllegalArgumentException e) {
      arena.close();
      throw refusal(
          library, Files.exists(library) ? "is no library that loads here" : "is not there");
    }
    for (String function : List.of(PARSE, TRAIN, PREDICT)) {
      if (symbols.find(function).isEmpty()) {
        arena.close();
        throw refusal(library, "has no function " + function);
      }
    }
    return symbols;
  }

  private static Refusal refusal(Path library, String what) {
    return new Refusal(
        ExitCode.BAD_INPUT,
        "--darknet " + library + " " + what + ". Name the original built as libdarknet.so");
  }

  private MemorySegment load(MethodHandle parse, Task task) {
    try {
      Path file = Files.createTempFile("plinius-bench", ".cfg");
      try {
        Files.writeString(file, task.cfg().canonical());
        MemorySegment name = arena.allocateFrom(file.toString());
        return call(() -> (MemorySegment) parse.invokeExact(name));
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What stands in a matrix. */
  private interface Filler {
    float at(int row, int column);
  }

  /** Fills a matrix; returns its values, row after row. */
  private MemorySegment matrix(String name, int rows, int columns, Filler filler) {
    MemorySegment values = arena.allocate(JAVA_FLOAT, (long) rows * columns);
    MemorySegment pointers = arena.allocate(ADDRESS, rows);
    for (int row = 0; row < rows; row++) {
      long first = (long) row * columns;
      for (int column = 0; column < columns; column++) {
        values.setAtIndex(JAVA_FLOAT, first + column, filler.at(row, column));
      }
      pointers.setAtIndex(ADDRESS, row, values.asSlice(first * Float.BYTES));
    }
    MemorySegment matrix =
        data.asSlice(DATA.byteOffset(PathElement.groupElement(name)), MATRIX.byteSize());
    matrix.set(JAVA_INT, 0, rows);
    matrix.set(JAVA_INT, 4, columns);
    matrix.set(ADDRESS, 8, pointers);
    return values;
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
    float result = call(this::once);
    if (Float.isNaN(result)) {
      throw new IllegalStateException(
          "the original's result is not a number: its time says nothing");
    }
  }

  private float once() throws Throwable {
    if (setThreads.isPresent()) {
      setThreads.get().invokeExact(threads);
    }
    return switch (work) {
      case TRAIN -> (float) train.invokeExact(network, data);
      case INFER -> {
        MemorySegment first = (MemorySegment) predict.invokeExact(network, images);
        yield first.reinterpret(Float.BYTES).get(JAVA_FLOAT, 0);
      }
    };
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
