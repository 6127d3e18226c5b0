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
import java.util.Optional;

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
  // edi = leaf, subleaf 0; returns EAX or EBX or EDX. rbx belongs to the caller.
  private static final String CPUID_EAX = "53 89f8 31c9 0fa2 5b c3";
  private static final String CPUID_EBX = "53 89f8 31c9 0fa2 89d8 5b c3";
  private static final String CPUID_EDX = "53 89f8 31c9 0fa2 89d0 5b c3";

  private static final int SLOT_BYTES = 128;
  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int PROT_EXEC = 4;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;

  /** The code of this process; empty on other processors and where executable pages are refused. */
  static final Optional<MachineCode> AVAILABLE = load();

  private final MethodHandle clwb;
  private final MethodHandle clflushopt;
  private final MethodHandle clflush;
  private final MethodHandle sfence;
  private final MethodHandle stream;
  private final boolean hasClwb;
  private final boolean hasClflushopt;
  private final boolean hasClflush;

  private MachineCode(MemorySegment page) throws Throwable {
    FunctionDescriptor range =
        FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG);
    clwb = function(page, 0, range, false);
    clflushopt = function(page, 1, range, false);
    clflush = function(page, 2, range, false);
    sfence = function(page, 3, FunctionDescriptor.ofVoid(), false);
    stream =
        function(
            page,
            4,
            FunctionDescriptor.ofVoid(
                ValueLayout.JAVA_LONG, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG),
            true);
    FunctionDescriptor cpuid = FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    int leaves = (int) function(page, 5, cpuid, false).invokeExact(0);
    int leaf7 = leaves >= 7 ? (int) function(page, 6, cpuid, false).invokeExact(7) : 0;
    int leaf1 = (int) function(page, 7, cpuid, false).invokeExact(1);
    hasClwb = (leaf7 & 1 << 24) != 0;
    hasClflushopt = (leaf7 & 1 << 23) != 0;
    hasClflush = (leaf1 & 1 << 19) != 0;
  }

  private static MethodHandle function(
      MemorySegment page, int slot, FunctionDescriptor shape, boolean heap) {
    return Linker.nativeLinker()
        .downcallHandle(
            page.asSlice((long) slot * SLOT_BYTES), shape, Linker.Option.critical(heap));
  }

  private static Optional<MachineCode> load() {
    if (!System.getProperty("os.arch").equals("amd64")
        || !System.getProperty("os.name").equals("Linux")) {
      return Optional.empty();
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
        return Optional.empty();
      }
      MemorySegment page = start.reinterpret(4096, Arena.global(), _ -> {});
      String[] code = {
        CLWB_LOOP, CLFLUSHOPT_LOOP, CLFLUSH_LOOP, SFENCE, STREAM, CPUID_EAX, CPUID_EBX, CPUID_EDX
      };
      for (int slot = 0; slot < code.length; slot++) {
        byte[] bytes = HexFormat.of().parseHex(code[slot].replace(" ", ""));
        MemorySegment.copy(
            bytes, 0, page, ValueLayout.JAVA_BYTE, (long) slot * SLOT_BYTES, bytes.length);
      }
      if ((int) mprotect.invokeExact(start, 4096L, PROT_READ | PROT_EXEC) != 0) {
        return Optional.empty();
      }
      return Optional.of(new MachineCode(page));
    } catch (Throwable refused) { // whatever refuses it, the other ways of writing back remain
      return Optional.empty();
    }
  }

  /** Whether the processor has the instruction. */
  boolean has(WriteBack instruction) {
    return switch (instruction) {
      case CLWB -> hasClwb;
      case CLFLUSHOPT -> hasClflushopt;
      case CLFLUSH -> hasClflush;
      case AUTO, UNSAFE, MSYNC -> false;
    };
  }

  /**
   * Executes the instruction on every line from the one that holds {@code start} to the one that
   * holds {@code end - 1}.
   */
  void writeBack(WriteBack instruction, long start, long end) {
    long first = start & -PersistentMemory.LINE_BYTES;
    try {
      switch (instruction) {
        case CLWB -> clwb.invokeExact(first, end);
        case CLFLUSHOPT -> clflushopt.invokeExact(first, end);
        case CLFLUSH -> clflush.invokeExact(first, end);
        case AUTO, UNSAFE, MSYNC ->
            throw new IllegalArgumentException(instruction + " is no instruction");
      }
    } catch (RuntimeException | Error thrown) {
      throw thrown;
    } catch (Throwable impossible) {
      throw new AssertionError("machine code throws nothing", impossible);
    }
  }

  void sfence() {
    try {
      sfence.invokeExact();
    } catch (RuntimeException | Error thrown) {
      throw thrown;
    } catch (Throwable impossible) {
      throw new AssertionError("machine code throws nothing", impossible);
    }
  }

  /**
   * Copies past the caches; {@code bytes} a positive multiple of 32, {@code target} 8-byte aligned.
   */
  void stream(long target, MemorySegment source, long bytes) {
    try {
      stream.invokeExact(target, source, bytes);
    } catch (RuntimeException | Error thrown) {
      throw thrown;
    } catch (Throwable impossible) {
      throw new AssertionError("machine code throws nothing", impossible);
    }
  }
}
