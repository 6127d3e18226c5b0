package plinius.testkit;

import java.security.CodeSource;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import plinius.pmem.PersistentMemory;

/**
 * The places in a program that ask for ordering (pwb, pfence, handOver), and the program without
 * one of them: its mutants, without a switch in the program. A crash test that does not notice that
 * one of them is missing either does not reach it, or it is not needed.
 *
 * <p>A place is "operation method:line", with up to two callers inside of the program.
 */
public final class OrderingSites {
  private static final int FRAMES = 3;
  private static final StackWalker STACK =
      StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

  private final CodeSource program;
  private final Set<String> met = new TreeSet<>();

  /** The program is everything from where this class comes from: its jar or its folder. */
  public OrderingSites(Class<?> program) {
    this.program = source(program);
  }

  private static CodeSource source(Class<?> type) {
    return type.getProtectionDomain().getCodeSource();
  }

  /** Those met so far. */
  public Set<String> met() {
    return Set.copyOf(met);
  }

  /** The memory as it is; notes the places. */
  public PersistentMemory noting(PersistentMemory memory) {
    return dropping(memory, _ -> false);
  }

  /** Leaves out what these places ask for. */
  public PersistentMemory dropping(PersistentMemory memory, Predicate<String> dropped) {
    return new ForwardingMemory(memory) {
      @Override
      public void pwb(long offset, long length) {
        if (!dropped.test(note("pwb"))) {
          super.pwb(offset, length);
        }
      }

      @Override
      public void pfence() {
        if (!dropped.test(note("pfence"))) {
          super.pfence();
        }
      }

      @Override
      public void handOver() {
        if (!dropped.test(note("handOver"))) {
          super.handOver();
        }
      }
    };
  }

  private String note(String operation) {
    String place = operation + " " + STACK.walk(frames -> place(frames, operation));
    met.add(place);
    return place;
  }

  private String place(Stream<StackWalker.StackFrame> frames, String operation) {
    return frames
        .filter(frame -> !frame.getMethodName().equals(operation))
        .dropWhile(frame -> !inProgram(frame))
        .takeWhile(this::inProgram)
        .limit(FRAMES)
        .map(frame -> frame.getMethodName() + ":" + frame.getLineNumber())
        .collect(Collectors.joining(" < "));
  }

  private boolean inProgram(StackWalker.StackFrame frame) {
    return Objects.equals(source(frame.getDeclaringClass()), program);
  }
}
