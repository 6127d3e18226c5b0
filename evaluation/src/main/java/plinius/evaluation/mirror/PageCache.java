package plinius.evaluation.mirror;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The operating system's cache of a file: emptied for this file alone, other work keeps its own.
 */
final class PageCache {
  private static final int READ_ONLY = 0;
  private static final int DONTNEED = 4;
  private static final Linker LINKER = Linker.nativeLinker();
  private static final MethodHandle OPEN =
      function(
          "open",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
  private static final MethodHandle ADVISE =
      function(
          "posix_fadvise",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT));
  private static final MethodHandle CLOSE =
      function("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  private PageCache() {}

  private static MethodHandle function(String name, FunctionDescriptor type) {
    return LINKER.downcallHandle(LINKER.defaultLookup().find(name).orElseThrow(), type);
  }

  /**
   * Asks for the file's pages to be dropped (posix_fadvise) and looks whether they are gone.
   *
   * @return whether the file is cold now; false on a file system that is memory itself
   */
  static boolean forget(Path file) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment path = arena.allocateFrom(file.toString());
      int descriptor = (int) OPEN.invokeExact(path, READ_ONLY);
      if (descriptor < 0) {
        return false;
      }
      int refused = (int) ADVISE.invokeExact(descriptor, 0L, 0L, DONTNEED);
      int closed = (int) CLOSE.invokeExact(descriptor);
      return refused == 0 && closed == 0 && cold(file);
    } catch (Throwable e) {
      throw new IllegalStateException("posix_fadvise of " + file, e);
    }
  }

  /** Whether no page of it is in memory, as far as mincore tells. */
  private static boolean cold(Path file) {
    try (Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      long page = 4096;
      long samples = 64;
      for (long i = 0; i < samples; i++) {
        long at = all.byteSize() / samples * i / page * page;
        if (all.asSlice(at, Math.min(page, all.byteSize() - at)).isLoaded()) {
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
