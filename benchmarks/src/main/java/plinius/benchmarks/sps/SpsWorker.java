package plinius.benchmarks.sps;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;
import plinius.romulus.Protocol;

/**
 * One pool in a process of its own: reads lines "threads swaps milliseconds" and answers swaps a
 * second, so that warm processes can be measured in turns. At the end of its input it checks the
 * array.
 *
 * <p>A program that needs nothing but the library: so it runs in the enclave's image too, which has
 * nothing else.
 *
 * <p>Arguments: protocol, write-back, a file for the pool, and the milliseconds of one of sixteen
 * runs that warm up.
 */
public final class SpsWorker {
  private static final int WARM_UP_ROUNDS = 8;
  private static final int LARGE_SWAPS = 64;

  private SpsWorker() {}

  /** Prints ready when it is warm, then an answer a line. */
  public static void main(String[] arguments) throws IOException {
    Protocol protocol = Protocol.valueOf(arguments[0]);
    WriteBack writeBack = WriteBack.valueOf(arguments[1]);
    long warmUpNanos = Long.parseLong(arguments[3]) * 1_000_000;
    try (PersistentMemory memory = map(Path.of(arguments[2]), writeBack);
        Sps sps = new Sps(memory, protocol);
        BufferedReader requests =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII))) {
      // The compiler settles on one shape for small and large transactions.
      for (int round = 0; round < WARM_UP_ROUNDS; round++) {
        sps.run(1, LARGE_SWAPS, warmUpNanos);
        sps.run(1, 1, warmUpNanos);
      }
      System.out.println("ready");
      for (String line = requests.readLine(); line != null; line = requests.readLine()) {
        String[] words = line.split(" ", -1);
        double swapsPerSecond =
            sps.run(
                Integer.parseInt(words[0]),
                Integer.parseInt(words[1]),
                Long.parseLong(words[2]) * 1_000_000);
        System.out.println(Math.round(swapsPerSecond));
      }
      sps.check();
    }
  }

  private static PersistentMemory map(Path file, WriteBack writeBack) throws IOException {
    // Written and not only made longer: a store into a hole of a full disk would kill us.
    byte[] zeros = new byte[1 << 20];
    try (RandomAccessFile pool = new RandomAccessFile(file.toFile(), "rw")) {
      for (long at = 0; at < Sps.poolBytes(); at += zeros.length) {
        pool.write(zeros, 0, (int) Math.min(zeros.length, Sps.poolBytes() - at));
      }
    }
    try {
      return MappedMemory.open(file, Access.READ_WRITE, writeBack);
    } finally {
      Files.delete(file); // the mapping keeps it
    }
  }
}
