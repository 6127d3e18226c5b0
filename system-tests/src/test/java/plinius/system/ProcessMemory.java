package plinius.system;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** All that a process has in writable memory, heap or not: what root on its machine can read. */
final class ProcessMemory {
  private static final int PIECE = 1 << 20;

  private ProcessMemory() {}

  /** Writes the memory of a process to a file, region after region; the process runs on. */
  static void copy(long pid, Path target) throws IOException {
    List<String> regions = Files.readAllLines(Path.of("/proc/" + pid + "/maps"));
    byte[] piece = new byte[PIECE];
    try (RandomAccessFile memory = new RandomAccessFile("/proc/" + pid + "/mem", "r");
        OutputStream out = Files.newOutputStream(target)) {
      for (String region : regions) {
        String[] words = region.split(" ", 3);
        if (!words[1].startsWith("rw")) {
          continue;
        }
        String[] range = words[0].split("-", 2);
        long end = Long.parseUnsignedLong(range[1], 16);
        for (long at = Long.parseUnsignedLong(range[0], 16); at < end; at += PIECE) {
          int length = (int) Math.min(PIECE, end - at);
          try {
            memory.seek(at);
            memory.readFully(piece, 0, length);
          } catch (IOException e) {
            continue; // Reserved, or given back meanwhile: there is nothing to read.
          }
          if (!empty(piece, length)) {
            out.write(piece, 0, length);
          }
        }
      }
    }
  }

  private static boolean empty(byte[] piece, int length) {
    for (int i = 0; i < length; i++) {
      if (piece[i] != 0) {
        return false;
      }
    }
    return true;
  }
}
