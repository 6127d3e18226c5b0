package plinius.enclave.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.boundary.EnclaveMessage;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;
import plinius.seal.Sealer;
import plinius.seal.SecretBytes;
import plinius.seal.Unsealer;

/**
 * A whole iteration, whose batch is unsealed and whose mirror is sealed and durable, makes little
 * garbage besides what the JDK's cipher makes for each record.
 */
class AllocationTest {
  /**
   * Some 250 objects of 64 bytes and up, of all threads: a few for each sample, tensor and layer.
   */
  private static final long FEW = 24 << 10;

  /** The compiler is done by then, but for what it compiles again. */
  private static final int ITERATIONS = 12_000;

  /** The last of them, over which is counted. */
  private static final int LAST = 1000;

  private static final int RECORDS_UNSEALED = 8;
  private static final int RECORDS_SEALED = 13; // twelve tensors and the header

  /** Trains, and prints what an iteration allocates, in bytes, and what of that the cipher does. */
  static final class Training {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Training() {}

    public static void main(String[] arguments) throws IOException, NoSuchAlgorithmException {
      Path directory = Path.of(arguments[0]);
      Path pool = directory.resolve("pool");
      Files.write(pool, new byte[4 << 20]);
      long[] told = new long[ITERATIONS + 1]; // bytes allocated until then
      SmallJob job = new SmallJob(directory);
      try (PersistentMemory memory = MappedMemory.open(pool, Access.READ_WRITE, WriteBack.AUTO)) {
        job.live(
            memory,
            new SmallJob.Life(
                2,
                ITERATIONS,
                1,
                message -> {
                  if (message instanceof EnclaveMessage.IterationDone done) {
                    told[done.iteration()] = THREADS.getTotalThreadAllocatedBytes();
                  }
                }));
      }
      System.out.println((told[ITERATIONS] - told[ITERATIONS - LAST]) / LAST + " " + cipher());
    }

    private static long cipher() {
      byte[] plain = new byte[64];
      byte[] sealed = new byte[plain.length + Sealer.OVERHEAD];
      byte[] aad = new byte[100];
      try (SecretBytes key = SecretBytes.random(32);
          Sealer sealer = new Sealer(key);
          Unsealer unsealer = new Unsealer(key)) {
        sealer.seal(plain, 0, plain.length, aad, sealed, 0);
        long began = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < LAST * RECORDS_UNSEALED; i++) {
          unsealer.unseal(sealed, 0, sealed.length, aad, plain, 0);
        }
        for (int i = 0; i < LAST * RECORDS_SEALED; i++) {
          sealer.seal(plain, 0, plain.length, aad, sealed, 0);
        }
        return (THREADS.getCurrentThreadAllocatedBytes() - began) / LAST;
      }
    }
  }

  @Test
  void an_iteration_allocates_little_besides_the_cipher(@TempDir Path directory) throws Exception {
    String said = trained(directory);
    long iteration = Long.parseLong(said.substring(0, said.indexOf(' ')));
    long cipher = Long.parseLong(said.substring(said.indexOf(' ') + 1));

    assertThat(cipher).as(said).isLessThan(iteration);
    assertThat(iteration - cipher).as(said).isLessThanOrEqualTo(FEW);
  }

  private static String trained(Path directory) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + "/bin/java");
    command.addAll(List.of("--add-modules", "jdk.incubator.vector", "-XX:+UseParallelGC"));
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("--add-exports", "java.base/jdk.internal.misc=ALL-UNNAMED"));
    command.add("@" + System.getProperty("plinius.root", "..") + "/build/kernels.args");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(Training.class.getName(), directory.toString()));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isZero();
    return out.strip();
  }
}
