package plinius.pmem;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
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
  private static final String NEXT_LINE = "4883c740 4839f7";
  // rdi = base of the source, rsi = of the target, rdx = line numbers (4 bytes each), ecx = how
  // many, at least 1, r8d = how many lines there are. Ends at a number that is none; returns in eax
  // how many are left then. The offset of a line is in rax.
  private static final String NUMBER_BELOW = "8b02 4439c0 73"; // else jumps over so many bytes
  private static final String TO_OFFSET = "48c1e006";
  private static final String LOAD_LINE = "0f100407 0f104c0710 0f10540720 0f105c0730";
  private static final String STORE_LINE = "0f110406 0f114c0610 0f11540620 0f115c0630";
  private static final String STREAM_LINE = "0f2b0406 0f2b4c0610 0f2b540620 0f2b5c0630";
  // The line at rdi + rax will be stored to: prefetchw. It never faults.
  private static final String FETCH_LINE = "0f0d0c07";
  private static final String NEXT_NUMBER = "4883c204 ffc9";
  // rdi = target, rsi = source, rdx = bytes, a positive multiple of 32: four words by movnti, whose
  // lines the processor combines and writes past the caches.
  private static final String STREAM_WORDS =
      "488b06 4c8b4608 4c8b4e10 4c8b5618 480fc307 4c0fc34708 4c0fc34f10 4c0fc35718"
          + " 4883c620 4883c720 4883ea20";
  private static final String LINES_LEFT = "89c8";
  private static final String SFENCE = "0faef8";
  private static final String RETURN = "c3";
  // EBX of leaf 7, if there is one, above EDX of leaf 1. rbx belongs to the caller.
  private static final String CPUID =
      "53 31c0 31c9 0fa2 4531c0 83f807 720c b807000000 31c9 0fa2 4189d8 b801000000 31c9 0fa2"
          + " 49c1e020 89d0 4c09c0 5b c3";
  private static final int CLFLUSH_BIT = 19;
  private static final int CLFLUSHOPT_BIT = 32 + 23;
  private static final int CLWB_BIT = 32 + 24;

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
  private record LineFunctions(MethodHandle range, MethodHandle lines, MethodHandle copy) {}

  private record Functions(
      LineFunctions clwb,
      LineFunctions clflushopt,
      LineFunctions clflush,
      MethodHandle streamLines,
      MethodHandle streamWords,
      MethodHandle sfence,
      long features) {}

  private MachineCode() {}

  /** Lays functions one behind the other into a page that is still writable. */
  private static final class Assembler {
    private static final FunctionDescriptor RANGE = FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG);
    private static final FunctionDescriptor LINES =
        FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_INT, JAVA_INT);
    private static final FunctionDescriptor WORDS =
        FunctionDescriptor.ofVoid(JAVA_LONG, ADDRESS, JAVA_LONG);

    private final MemorySegment page;
    private long end;

    Assembler(MemorySegment page) {
      this.page = page;
    }

    MethodHandle function(String code, FunctionDescriptor shape) {
      byte[] bytes = HexFormat.of().parseHex(code.replace(" ", ""));
      MemorySegment start = page.asSlice(end, bytes.length);
      MemorySegment.copy(bytes, 0, start, JAVA_BYTE, 0, bytes.length);
      end = (end + bytes.length + SLOT_BYTES - 1) & -SLOT_BYTES;
      boolean arrays = shape.argumentLayouts().contains(ADDRESS);
      return Linker.nativeLinker().downcallHandle(start, shape, Linker.Option.critical(arrays));
    }

    /** The code again while a jump's condition holds: jb 72, jnz 75. */
    private static String loop(String code, String jump) {
      return code + jump + octet(-(bytes(code) + 2));
    }

    private static int bytes(String code) {
      return code.replace(" ", "").length() / 2;
    }

    private static String octet(int value) {
      return HexFormat.of().toHexDigits((byte) value);
    }

    MethodHandle lines(String code, String end) {
      String line = TO_OFFSET + code + NEXT_NUMBER;
      String past = octet(bytes(line) + 2); // the jump back too
      return function(loop(NUMBER_BELOW + past + line, "75") + end + LINES_LEFT + RETURN, LINES);
    }

    /** By the instruction on the line at rdi, and on that at rsi + rax. */
    LineFunctions lineFunctions(String atStart, String atOffset) {
      return new LineFunctions(
          function(loop(atStart + NEXT_LINE, "72") + RETURN, RANGE),
          lines(atOffset + FETCH_LINE, ""),
          lines(LOAD_LINE + STORE_LINE + atOffset, ""));
    }
  }

  private static Functions functions(MemorySegment page, MethodHandle mprotect) throws Throwable {
    Assembler code = new Assembler(page);
    LineFunctions clwb = code.lineFunctions("660fae37", "660fae3406");
    LineFunctions clflushopt = code.lineFunctions("660fae3f", "660fae3c06");
    LineFunctions clflush = code.lineFunctions("0fae3f", "0fae3c06");
    MethodHandle streamLines = code.lines(LOAD_LINE + STREAM_LINE, SFENCE);
    MethodHandle streamWords =
        code.function(Assembler.loop(STREAM_WORDS, "75") + RETURN, Assembler.WORDS);
    MethodHandle sfence = code.function(SFENCE + RETURN, FunctionDescriptor.ofVoid());
    MethodHandle cpuid = code.function(CPUID, FunctionDescriptor.of(JAVA_LONG));
    if ((int) mprotect.invokeExact(page, 4096L, PROT_READ | PROT_EXEC) != 0) {
      return null;
    }
    long features = (long) cpuid.invokeExact();
    return new Functions(clwb, clflushopt, clflush, streamLines, streamWords, sfence, features);
  }

  private static Functions load() {
    if (!System.getProperty("os.arch").equals("amd64")
        || !System.getProperty("os.name").equals("Linux")) {
      return null;
    }
    try {
      Linker linker = Linker.nativeLinker();
      SymbolLookup libc = linker.defaultLookup();
      MethodHandle mmap =
          linker.downcallHandle(
              libc.findOrThrow("mmap"),
              FunctionDescriptor.of(
                  ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
      MethodHandle mprotect =
          linker.downcallHandle(
              libc.findOrThrow("mprotect"),
              FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
      MemorySegment start =
          (MemorySegment)
              mmap.invokeExact(
                  MemorySegment.NULL, 4096L, PROT_READ | PROT_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
      if (start.address() == -1) {
        return null;
      }
      return functions(start.reinterpret(4096, Arena.global(), _ -> {}), mprotect);
    } catch (Throwable refused) { // whatever refuses it, the other ways of writing back remain
      return null;
    }
  }

  /** Whether the processor has the instruction, and we may execute it. */
  static boolean has(WriteBack instruction) {
    return CODE != null
        && switch (instruction) {
          case CLWB -> (CODE.features >>> CLWB_BIT & 1) != 0;
          case CLFLUSHOPT -> (CODE.features >>> CLFLUSHOPT_BIT & 1) != 0;
          case CLFLUSH -> (CODE.features >>> CLFLUSH_BIT & 1) != 0;
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
        default -> CODE.clflush.range.invokeExact(first, end);
      }
    } catch (Throwable thrown) {
      throw unchecked(thrown);
    }
  }

  // Lines by numbers below {@code bound}: how many were left when one was not, 0 as it should be.

  /** Executes the instruction on at least one line, and fetches it from the next base. */
  static int pwbLines(
      WriteBack instruction, long base, long next, int[] lines, int count, int bound) {
    MemorySegment numbers = MemorySegment.ofArray(lines);
    try {
      return switch (instruction) {
        case CLWB -> (int) CODE.clwb.lines.invokeExact(next, base, numbers, count, bound);
        case CLFLUSHOPT ->
            (int) CODE.clflushopt.lines.invokeExact(next, base, numbers, count, bound);
        default -> (int) CODE.clflush.lines.invokeExact(next, base, numbers, count, bound);
      };
    } catch (Throwable thrown) {
      throw unchecked(thrown);
    }
  }

  /** Copies at least one line from one base to the other, and executes the instruction there. */
  static int copyLines(
      WriteBack instruction, long from, long to, int[] lines, int count, int bound) {
    MemorySegment numbers = MemorySegment.ofArray(lines);
    try {
      return switch (instruction) {
        case CLWB -> (int) CODE.clwb.copy.invokeExact(from, to, numbers, count, bound);
        case CLFLUSHOPT -> (int) CODE.clflushopt.copy.invokeExact(from, to, numbers, count, bound);
        default -> (int) CODE.clflush.copy.invokeExact(from, to, numbers, count, bound);
      };
    } catch (Throwable thrown) {
      throw unchecked(thrown);
    }
  }

  /**
   * Copies at least one line from one base to the other, past the caches. Fences, because such
   * stores may become visible to others after ordinary ones that follow them.
   */
  static int streamLines(long from, long to, int[] lines, int count, int bound) {
    try {
      return (int)
          CODE.streamLines.invokeExact(from, to, MemorySegment.ofArray(lines), count, bound);
    } catch (Throwable thrown) {
      throw unchecked(thrown);
    }
  }

  /**
   * Copies past the caches; {@code bytes} a positive multiple of 32, {@code target} 8-byte aligned.
   */
  static void stream(long target, MemorySegment source, long bytes) {
    try {
      CODE.streamWords.invokeExact(target, source, bytes);
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

  private static Error unchecked(Throwable thrown) {
    if (thrown instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (thrown instanceof Error error) {
      return error;
    }
    return new AssertionError("machine code throws nothing", thrown);
  }
}
