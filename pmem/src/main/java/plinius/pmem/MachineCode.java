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
  // Loops without their return, so that one may fence before it returns.
  // rdi = first line, rsi = end; at least one line.
  private static final String CLWB_LOOP = "660fae37 4883c740 4839f7 72f3";
  private static final String CLFLUSHOPT_LOOP = "660fae3f 4883c740 4839f7 72f3";
  private static final String CLFLUSH_LOOP = "0fae3f 4883c740 4839f7 72f4";
  // rdi = base, rsi = line numbers (4 bytes each), edx = how many, at least 1.
  private static final String CLWB_LINES = "8b06 48c1e006 660fae3407 4883c604 ffca 75ed";
  private static final String CLFLUSHOPT_LINES = "8b06 48c1e006 660fae3c07 4883c604 ffca 75ed";
  private static final String CLFLUSH_LINES = "8b06 48c1e006 0fae3c07 4883c604 ffca 75ee";
  // The same, and the lines with the same numbers from rcx are fetched to be written.
  private static final String CLWB_FETCH = "8b06 48c1e006 660fae3407 0f0d0c01 4883c604 ffca 75e9";
  private static final String CLFLUSHOPT_FETCH =
      "8b06 48c1e006 660fae3c07 0f0d0c01 4883c604 ffca 75e9";
  private static final String CLFLUSH_FETCH = "8b06 48c1e006 0fae3c07 0f0d0c01 4883c604 ffca 75ea";
  // rdi = base of the source, rsi = of the target, rdx = line numbers, ecx = how many, at least 1.
  // Fetches the target's lines eight ahead: they are not in the cache, the source's are.
  private static final String FETCH_AHEAD = "83f908 760b 8b4220 48c1e006 0f0d0c06";
  private static final String LOAD_LINE = "8b02 48c1e006 0f100407 0f104c0710 0f10540720 0f105c0730";
  private static final String STORE_LINE = "0f110406 0f114c0610 0f11540620 0f115c0630";
  private static final String STREAM_LINE = "0f2b0406 0f2b4c0610 0f2b540620 0f2b5c0630";
  private static final String COPY_LINES =
      FETCH_AHEAD + LOAD_LINE + STORE_LINE + "4883c204 ffc9 75bc";
  private static final String STREAM_LINES = LOAD_LINE + STREAM_LINE + "4883c204 ffc9 75cc";
  private static final String RETURN = "c3";
  private static final String SFENCE = "0faef8";
  // rdi = target, rsi = value: a store past the caches.
  private static final String STREAM_WORD = "480fc337";
  // rdi = target, rsi = source, rdx = bytes, a positive multiple of 32: four words by movnti, whose
  // lines the processor combines and writes past the caches.
  private static final String STREAM =
      "488b06 4c8b4608 4c8b4e10 4c8b5618 480fc307 4c0fc34708 4c0fc34f10 4c0fc35718"
          + " 4883c620 4883c720 4883ea20 75d0";
  // edi = leaf, subleaf 0; returns EAX or EBX or EDX. rbx belongs to the caller.
  private static final String CPUID_EAX = "53 89f8 31c9 0fa2 5b c3";
  private static final String CPUID_EBX = "53 89f8 31c9 0fa2 89d8 5b c3";
  private static final String CPUID_EDX = "53 89f8 31c9 0fa2 89d0 5b c3";

  private static final int SLOT_BYTES = 16;
  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int PROT_EXEC = 4;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;

  /**
   * The code of this process; null on other processors and where executable pages are refused. The
   * compiler takes a record in a constant for constant, handles and all: a call is a call.
   */
  private static final Functions CODE = load();

  /** What is there once for each instruction. */
  private record WriteBackFunctions(
      MethodHandle range, MethodHandle lines, MethodHandle linesAndFence) {}

  private record Functions(
      WriteBackFunctions clwb,
      WriteBackFunctions clflushopt,
      WriteBackFunctions clflush,
      MethodHandle copyLines,
      MethodHandle streamLines,
      MethodHandle streamWordAndFence,
      MethodHandle stream,
      MethodHandle sfence,
      boolean hasClwb,
      boolean hasClflushopt,
      boolean hasClflush) {}

  private MachineCode() {}

  /** Lays functions one behind the other into a page that is still writable. */
  private static final class Assembler {
    private static final FunctionDescriptor CPUID =
        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    private static final FunctionDescriptor RANGE =
        FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG);
    private static final FunctionDescriptor LINES =
        FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS, ValueLayout.JAVA_INT);
    private static final FunctionDescriptor FETCH =
        FunctionDescriptor.ofVoid(
            ValueLayout.JAVA_LONG,
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_LONG);
    private static final FunctionDescriptor TWO_RANGES =
        FunctionDescriptor.ofVoid(
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_INT);
    private static final FunctionDescriptor COPY =
        FunctionDescriptor.ofVoid(
            ValueLayout.JAVA_LONG, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG);

    private final MemorySegment page;
    private long end;

    Assembler(MemorySegment page) {
      this.page = page;
    }

    MethodHandle function(String code, FunctionDescriptor shape, boolean heap) {
      byte[] bytes = HexFormat.of().parseHex(code.replace(" ", ""));
      MemorySegment start = page.asSlice(end, bytes.length);
      MemorySegment.copy(bytes, 0, start, ValueLayout.JAVA_BYTE, 0, bytes.length);
      end = (end + bytes.length + SLOT_BYTES - 1) & -SLOT_BYTES;
      return Linker.nativeLinker().downcallHandle(start, shape, Linker.Option.critical(heap));
    }

    MethodHandle cpuid(String code) {
      return function(code, CPUID, false);
    }

    WriteBackFunctions writeBack(String range, String lines, String fetch) {
      return new WriteBackFunctions(
          function(range + RETURN, RANGE, false),
          function(lines + RETURN, LINES, true),
          function(fetch + SFENCE + RETURN, FETCH, true));
    }
  }

  private static Functions functions(MemorySegment page, MethodHandle mprotect) throws Throwable {
    Assembler code = new Assembler(page);
    WriteBackFunctions clwb = code.writeBack(CLWB_LOOP, CLWB_LINES, CLWB_FETCH);
    WriteBackFunctions clflushopt =
        code.writeBack(CLFLUSHOPT_LOOP, CLFLUSHOPT_LINES, CLFLUSHOPT_FETCH);
    WriteBackFunctions clflush = code.writeBack(CLFLUSH_LOOP, CLFLUSH_LINES, CLFLUSH_FETCH);
    MethodHandle copyLines = code.function(COPY_LINES + RETURN, Assembler.TWO_RANGES, true);
    MethodHandle streamLines =
        code.function(STREAM_LINES + SFENCE + RETURN, Assembler.TWO_RANGES, true);
    MethodHandle streamWord = code.function(STREAM_WORD + SFENCE + RETURN, Assembler.RANGE, false);
    MethodHandle stream = code.function(STREAM + RETURN, Assembler.COPY, true);
    MethodHandle sfence = code.function(SFENCE + RETURN, FunctionDescriptor.ofVoid(), false);
    MethodHandle eax = code.cpuid(CPUID_EAX);
    MethodHandle ebx = code.cpuid(CPUID_EBX);
    MethodHandle edx = code.cpuid(CPUID_EDX);
    if ((int) mprotect.invokeExact(page, 4096L, PROT_READ | PROT_EXEC) != 0) {
      return null;
    }
    int leaf7 = (int) eax.invokeExact(0) >= 7 ? (int) ebx.invokeExact(7) : 0;
    int leaf1 = (int) edx.invokeExact(1);
    return new Functions(
        clwb,
        clflushopt,
        clflush,
        copyLines,
        streamLines,
        streamWord,
        stream,
        sfence,
        (leaf7 & 1 << 24) != 0,
        (leaf7 & 1 << 23) != 0,
        (leaf1 & 1 << 19) != 0);
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
      return functions(page, mprotect);
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
        case CLWB -> CODE.clwb.range.invokeExact(first, end);
        case CLFLUSHOPT -> CODE.clflushopt.range.invokeExact(first, end);
        case CLFLUSH -> CODE.clflush.range.invokeExact(first, end);
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
        case CLWB -> CODE.clwb.lines.invokeExact(base, numbers, count);
        case CLFLUSHOPT -> CODE.clflushopt.lines.invokeExact(base, numbers, count);
        case CLFLUSH -> CODE.clflush.lines.invokeExact(base, numbers, count);
        case AUTO, UNSAFE, MSYNC -> throw noInstruction(instruction);
      }
    } catch (Throwable thrown) {
      throw unchecked(thrown);
    }
  }

  /**
   * {@link #writeBackLines} of at least one line, fetching those from {@code next}, and a fence.
   */
  static void writeBackLinesAndFence(
      WriteBack instruction, long base, int[] lines, int count, long next) {
    MemorySegment numbers = MemorySegment.ofArray(lines);
    try {
      switch (instruction) {
        case CLWB -> CODE.clwb.linesAndFence.invokeExact(base, numbers, count, next);
        case CLFLUSHOPT -> CODE.clflushopt.linesAndFence.invokeExact(base, numbers, count, next);
        case CLFLUSH -> CODE.clflush.linesAndFence.invokeExact(base, numbers, count, next);
        case AUTO, UNSAFE, MSYNC -> throw noInstruction(instruction);
      }
    } catch (Throwable thrown) {
      throw unchecked(thrown);
    }
  }

  /** Copies at least one line from one base to the other. */
  static void copyLines(long from, long to, int[] lines, int count) {
    try {
      CODE.copyLines.invokeExact(from, to, MemorySegment.ofArray(lines), count);
    } catch (Throwable thrown) {
      throw unchecked(thrown);
    }
  }

  /**
   * Copies at least one line from one base to the other, past the caches. Fences, because such
   * stores may become visible to others after ordinary ones that follow them.
   */
  static void streamLines(long from, long to, int[] lines, int count) {
    try {
      CODE.streamLines.invokeExact(from, to, MemorySegment.ofArray(lines), count);
    } catch (Throwable thrown) {
      throw unchecked(thrown);
    }
  }

  /** Stores an aligned word past the caches, and fences. */
  static void streamWordAndFence(long target, long value) {
    try {
      CODE.streamWordAndFence.invokeExact(target, value);
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
