package plinius.pmem;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.HexFormat;

/**
 * A page of x86-64 machine code (System V calling convention) with the instructions that Java does
 * not have: CLWB, CLFLUSHOPT, CLFLUSH, SFENCE, MOVNTI, CPUID. The page is filled while writable and
 * made executable when it no longer is. Intel 64 SDM vol. 2; the calls are critical, so that they
 * cost as much as a function call.
 */
final class MachineCode {
  // rdi = first line, rsi = end; at least one line.
  private static final String CLWB_LOOP = "660fae37 4883c740 4839f7 72f3 c3";
  private static final String CLFLUSHOPT_LOOP = "660fae3f 4883c740 4839f7 72f3 c3";
  private static final String CLFLUSH_LOOP = "0fae3f 4883c740 4839f7 72f4 c3";
  private static final String SFENCE = "0faef8 c3";
  // rdi = target, rsi = source, rdx = bytes, a positive multiple of 32: four words by movnti, whose
  // lines the processor
  // combines and writes past the caches.
  private static final String STREAM =
      "488b06 4c8b4608 4c8b4e10 4c8b5618 480fc307 4c0fc34708 4c0fc34f10 4c0fc35718"
          + " 4883c620 4883c720 4883ea20 75d0 c3";
  // rdi = base, rsi = line numbers (4 bytes each), edx = how many, at least 1.
  private static final String CLWB_LINES = "8b06 48c1e006 660fae3407 4883c604 ffca 75ed c3";
  private static final String CLFLUSHOPT_LINES = "8b06 48c1e006 660fae3c07 4883c604 ffca 75ed c3";
  private static final String CLFLUSH_LINES = "8b06 48c1e006 0fae3c07 4883c604 ffca 75ee c3";
  // rdi = base of the source, rsi = of the target, rdx = line numbers, ecx = how many, at least 1.
  // Fetches the target's lines eight ahead: they are not in the cache, the source's are.
  private static final String COPY_LINES =
      "83f908 760b 8b4220 48c1e006 0f0d0c06 8b02 48c1e006"
          + " 0f100407 0f104c0710 0f10540720 0f105c0730"
          + " 0f110406 0f114c0610 0f11540620 0f115c0630 4883c204 ffc9 75bc c3";
  // edi = leaf, subleaf 0; returns EAX or EBX or EDX. rbx belongs to the caller.
  private static final String CPUID_EAX = "53 89f8 31c9 0fa2 5b c3";
  private static final String CPUID_EBX = "53 89f8 31c9 0fa2 89d8 5b c3";
  private static final String CPUID_EDX = "53 89f8 31c9 0fa2 89d0 5b c3";

  private static final int SLOT_BYTES = 128;
  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int PROT_EXEC = 4;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;

  /**
   * The code of this process; null on other processors and where executable pages are refused. The
   * compiler takes a record in a constant for constant, handles and all: a call is a call.
   */
  private static final Functions CODE = load();

  private record Functions(
      MethodHandle clwb,
      MethodHandle clflushopt,
      MethodHandle clflush,
      MethodHandle clwbLines,
      MethodHandle clflushoptLines,
      MethodHandle clflushLines,
      MethodHandle copyLines,
      MethodHandle sfence,
      MethodHandle stream,
      boolean hasClwb,
      boolean hasClflushopt,
      boolean hasClflush) {}

  private MachineCode() {}

  private static Functions functions(MemorySegment page) throws Throwable {
    FunctionDescriptor range =
        FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG);
    FunctionDescriptor lines =
        FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS, ValueLayout.JAVA_INT);
    FunctionDescriptor twoRanges =
        FunctionDescriptor.ofVoid(
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_INT);
    FunctionDescriptor copy =
        FunctionDescriptor.ofVoid(
            ValueLayout.JAVA_LONG, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG);
    FunctionDescriptor cpuid = FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    int leaves = (int) function(page, 9, cpuid, false).invokeExact(0);
    int leaf7 = leaves >= 7 ? (int) function(page, 10, cpuid, false).invokeExact(7) : 0;
    int leaf1 = (int) function(page, 11, cpuid, false).invokeExact(1);
    return new Functions(
        function(page, 0, range, false),
        function(page, 1, range, false),
        function(page, 2, range, false),
        function(page, 3, lines, true),
        function(page, 4, lines, true),
        function(page, 5, lines, true),
        function(page, 6, twoRanges, true),
        function(page, 7, FunctionDescriptor.ofVoid(), false),
        function(page, 8, copy, true),
        (leaf7 & 1 << 24) != 0,
        (leaf7 & 1 << 23) != 0,
        (leaf1 & 1 << 19) != 0);
  }

  private static MethodHandle function(
      MemorySegment page, int slot, FunctionDescriptor shape, boolean heap) {
    return Linker.nativeLinker()
        .downcallHandle(
            page.asSlice((long) slot * SLOT_BYTES), shape, Linker.Option.critical(heap));
  }

  private static Functions load() {
    if (!System.getProperty("os.arch").equals("amd64")
        || !System.getProperty("os.name").equals("Linux")) {
      return null;
    }
    try {
      Linker linker = Linker.nativeLinker();
      SymbolLookup libc = linker.defaultLookup();
      AddressLayout address = ValueLayout.ADDRESS;
      MethodHandle mmap =
          linker.downcallHandle(
              libc.findOrThrow("mmap"),
              FunctionDescriptor.of(
                  address,
                  address,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_LONG));
      MethodHandle mprotect =
          linker.downcallHandle(
              libc.findOrThrow("mprotect"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT, address, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
      MemorySegment start =
          (MemorySegment)
              mmap.invokeExact(
                  MemorySegment.NULL, 4096L, PROT_READ | PROT_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
      if (start.address() == -1) {
        return null;
      }
      MemorySegment page = start.reinterpret(4096, Arena.global(), _ -> {});
      String[] code = {
        CLWB_LOOP,
        CLFLUSHOPT_LOOP,
        CLFLUSH_LOOP,
        CLWB_LINES,
        CLFLUSHOPT_LINES,
        CLFLUSH_LINES,
        COPY_LINES,
        SFENCE,
        STREAM,
        CPUID_EAX,
        CPUID_EBX,
        CPUID_EDX
      };
      for (int slot = 0; slot < code.length; slot++) {
        byte[] bytes = HexFormat.of().parseHex(code[slot].replace(" ", ""));
        MemorySegment.copy(
            bytes, 0, page, ValueLayout.JAVA_BYTE, (long) slot * SLOT_BYTES, bytes.length);
      }
      if ((int) mprotect.invokeExact(start, 4096L, PROT_READ | PROT_EXEC) != 0) {
        return null;
      }
      return functions(page);
    } catch (Throwable refused) { // whatever refuses it, the other ways of writing back remain
      return null;
    }
  }

  /** Whether there is such code at all: copying and the fence. */
  static boolean available() {
    return CODE != null;
  }

  /** Whether the processor has the instruction, and we may execute it. */
  static boolean has(WriteBack instruction) {
    return CODE != null
        && switch (instruction) {
          case CLWB -> CODE.hasClwb;
          case CLFLUSHOPT -> CODE.hasClflushopt;
          case CLFLUSH -> CODE.hasClflush;
          case AUTO, UNSAFE, MSYNC -> false;
        };
  }

  /**
   * Executes the instruction on every line from the one that holds {@code start} to the one that
   * holds {@code end - 1}.
   */
  static void writeBack(WriteBack instruction, long start, long end) {
    long first = start & -PersistentMemory.LINE_BYTES;
    try {
      switch (instruction) {
        case CLWB -> CODE.clwb.invokeExact(first, end);
        case CLFLUSHOPT -> CODE.clflushopt.invokeExact(first, end);
        case CLFLUSH -> CODE.clflush.invokeExact(first, end);
        case AUTO, UNSAFE, MSYNC -> throw noInstruction(instruction);
      }
    } catch (Throwable thrown) {
      throw unchecked(thrown);
    }
  }

  /** Executes the instruction on the lines with these numbers, counted from {@code base}. */
  static void writeBackLines(WriteBack instruction, long base, int[] lines, int count) {
    if (count == 0) {
      return;
    }
    MemorySegment numbers = MemorySegment.ofArray(lines);
    try {
      switch (instruction) {
        case CLWB -> CODE.clwbLines.invokeExact(base, numbers, count);
        case CLFLUSHOPT -> CODE.clflushoptLines.invokeExact(base, numbers, count);
        case CLFLUSH -> CODE.clflushLines.invokeExact(base, numbers, count);
        case AUTO, UNSAFE, MSYNC -> throw noInstruction(instruction);
      }
    } catch (Throwable thrown) {
      throw unchecked(thrown);
    }
  }

  /** Copies the lines with these numbers from one base to the other. */
  static void copyLines(long from, long to, int[] lines, int count) {
    if (count == 0) {
      return;
    }
    try {
      CODE.copyLines.invokeExact(from, to, MemorySegment.ofArray(lines), count);
    } catch (Throwable thrown) {
      throw unchecked(thrown);
    }
  }

  static void sfence() {
    try {
      CODE.sfence.invokeExact();
    } catch (Throwable thrown) {
      throw unchecked(thrown);
    }
  }

  /**
   * Copies past the caches; {@code bytes} a positive multiple of 32, {@code target} 8-byte aligned.
   */
  static void stream(long target, MemorySegment source, long bytes) {
    try {
      CODE.stream.invokeExact(target, source, bytes);
    } catch (Throwable thrown) {
      throw unchecked(thrown);
    }
  }

  private static IllegalArgumentException noInstruction(WriteBack writeBack) {
    return new IllegalArgumentException(writeBack + " is no instruction");
  }

  private static RuntimeException unchecked(Throwable thrown) {
    if (thrown instanceof RuntimeException unchecked) {
      return unchecked;
    }
    if (thrown instanceof Error error) {
      throw error;
    }
    throw new AssertionError("machine code throws nothing", thrown);
  }
}
