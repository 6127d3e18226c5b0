package plinius.benchmarks.sps;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import plinius.cli.ExitCode;
import plinius.cli.Terminal;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;
import plinius.romulus.Protocol;

/**
 * One pool in a process of its own: reads lines "threads swaps milliseconds" and answers swaps a
 * second, so that warm processes can be measured in turns. At the end of its input it checks the
 * array.
 */
@Command(name = "sps-worker", hidden = true)
public final class SpsWorker implements Callable<Integer> {
  private static final long WARM_UP_NANOS = 250_000_000;
  private static final int WARM_UP_ROUNDS = 8;
  private static final int LARGE_SWAPS = 64;

  @Parameters(index = "0")
  private Protocol protocol;

  @Parameters(index = "1")
  private WriteBack writeBack;

  @Parameters(index = "2")
  private Path file;

  @Override
  public Integer call() {
    try (PersistentMemory memory = map();
        Sps sps = new Sps(memory, protocol);
        BufferedReader requests =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII))) {
      // The compiler settles on one shape for small and large transactions.
      for (int round = 0; round < WARM_UP_ROUNDS; round++) {
        sps.run(1, LARGE_SWAPS, WARM_UP_NANOS);
        sps.run(1, 1, WARM_UP_NANOS);
      }
      Terminal.out().println("ready");
      for (String line = requests.readLine(); line != null; line = requests.readLine()) {
        String[] words = line.split(" ", -1);
        double swapsPerSecond =
            sps.run(
                Integer.parseInt(words[0]),
                Integer.parseInt(words[1]),
                Long.parseLong(words[2]) * 1_000_000);
        Terminal.out().println(Math.round(swapsPerSecond));
      }
      sps.check();
      return ExitCode.DONE.code();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private PersistentMemory map() throws IOException {
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
