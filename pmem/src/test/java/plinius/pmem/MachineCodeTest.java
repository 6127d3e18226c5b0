package plinius.pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * That the instructions are in the code. No other test would miss one: the caches of a machine that
 * goes on forget nothing.
 */
class MachineCodeTest {
  /** An executable range of /proc/self/maps that belongs to no file. */
  private static final Pattern ANONYMOUS = Pattern.compile("(\\w+)-(\\w+) r-xp 0+ 00:00 0 *");

  /** The page as the processor sees it. */
  private static byte[] page() throws IOException {
    List<String> maps = Files.readAllLines(Path.of("/proc/self/maps"));
    try (FileChannel memory = FileChannel.open(Path.of("/proc/self/mem"))) {
      for (String map : maps) {
        Matcher range = ANONYMOUS.matcher(map);
        if (range.matches()) {
          long start = Long.parseUnsignedLong(range.group(1), 16);
          long bytes = Long.parseUnsignedLong(range.group(2), 16) - start;
          // Neighbours that are alike are one range.
          for (long at = start; at < start + bytes; at += 4096) {
            ByteBuffer page = ByteBuffer.allocate(4096);
            memory.read(page, at);
            if (count(page.array(), true, modrm -> isMemory(modrm, 6)) > 0) {
              return page.array();
            }
          }
        }
      }
    }
    throw new AssertionError("no executable page has CLWB");
  }

  private static boolean isMemory(int modrm, int operation) {
    return modrm < 0xC0 && modrm >>> 3 == ((modrm >>> 6) << 3 | operation);
  }

  /** Intel 64 SDM vol. 2: these instructions are 0F AE and an octet, after 66 or not. */
  private static long count(byte[] code, boolean prefixed, IntPredicate modrm) {
    long found = 0;
    for (int i = 1; i < code.length - 2; i++) {
      boolean opcode = code[i] == 0x0F && code[i + 1] == (byte) 0xAE;
      found +=
          opcode && (code[i - 1] == 0x66) == prefixed && modrm.test(code[i + 2] & 0xFF) ? 1 : 0;
    }
    return found;
  }

  @Test
  void each_function_has_its_write_back_and_its_fence() throws IOException {
    assumeTrue(MachineCode.has(WriteBack.CLFLUSH), "no code for this processor");
    byte[] page = page();
    // Of a range, of lines, of lines that are copied.
    assertThat(count(page, true, modrm -> isMemory(modrm, 6))).as("CLWB").isEqualTo(3);
    assertThat(count(page, true, modrm -> isMemory(modrm, 7))).as("CLFLUSHOPT").isEqualTo(3);
    assertThat(count(page, false, modrm -> isMemory(modrm, 7))).as("CLFLUSH").isEqualTo(3);
    // By itself, and after lines that were copied past the caches.
    assertThat(count(page, false, modrm -> modrm == 0xF8)).as("SFENCE").isEqualTo(2);
  }
}
