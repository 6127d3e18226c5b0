package plinius.enclave.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import plinius.pmem.PersistentMemory;
import plinius.romulus.PoolException;
import plinius.romulus.Protocol;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;
import plinius.testkit.Granularity;
import plinius.testkit.SimulatedMemory;

/**
 * A host that changes shared memory while it is read, and one that writes whatever it likes into a
 * pool: the mirror comes back as it was or is refused by name; nothing else ever happens.
 */
class ChangingMemoryTest {
  private static final int ROUNDS = 1000;
  private static final int PAGE = 4096;

  private final SecretBytes jobKey = SecretBytes.random(32);
  private final SecretBytes digestKey = SecretBytes.random(32);
  private final float[] mirrored = new float[96];
  private long seed;
  private byte[] image;
  private int accepted;
  private int refused;

  @BeforeEach
  void mirror() {
    String given = System.getProperty("test.seed", "");
    seed = given.isEmpty() ? System.nanoTime() : Long.parseLong(given);
    for (int i = 0; i < mirrored.length; i++) {
      mirrored[i] = i + 0.5f;
    }
    int bytes = Math.toIntExact(ModelMirror.poolBytes(tensors(mirrored)) + PAGE - 1) / PAGE * PAGE;
    SimulatedMemory memory = new SimulatedMemory(bytes, Granularity.LINE);
    try (ModelMirror mirror =
        ModelMirror.create(memory, Protocol.PING_PONG, terms(), tensors(mirrored))) {
      mirror.mirrorOut(new Progress(1, 64, 0.5));
      mirror.mirrorOut(new Progress(2, 128, 0.25));
    }
    image = memory.visible();
  }

  @AfterEach
  void close() {
    jobKey.close();
    digestKey.close();
  }

  @Test
  void bytes_that_change_after_they_were_read_are_never_used_twice() {
    Random random = new Random(seed);
    int[] changes = {0};
    for (int round = 0; round < ROUNDS; round++) {
      SimulatedMemory memory = SimulatedMemory.of(image.clone(), Granularity.LINE);
      // From one change in a run to one after each read.
      double odds = Math.pow(random.nextDouble(), 3);
      open(changing(memory, random, odds, changes), round);
    }
    assertThat(changes[0]).isGreaterThan(ROUNDS);
    assertThat(accepted).as("runs in which only what was done with changed").isPositive();
    assertThat(refused).isPositive();
  }

  @Test
  void whatever_offsets_and_lengths_stand_in_a_pool_it_is_refused_or_read_right() {
    Random random = new Random(seed);
    long[] telling = {0, 1, -1, 8, 63, 64, 4095, 4096, Integer.MAX_VALUE, Long.MIN_VALUE, 1L << 40};
    for (int round = 0; round < ROUNDS; round++) {
      byte[] bad = image.clone();
      for (int changes = random.nextInt(4); changes >= 0; changes--) {
        int at = used(random) & ~7;
        long value =
            random.nextBoolean()
                ? telling[random.nextInt(telling.length)]
                : random.nextLong() >> random.nextInt(64);
        for (int i = 0; i < 8; i++) {
          bad[at + i] = (byte) (value >>> (8 * i));
        }
      }
      open(SimulatedMemory.of(bad, Granularity.LINE), round);
    }
    assertThat(refused).isPositive();
  }

  /** A place that is not zero: where something is written, there offsets are. */
  private int used(Random random) {
    int at = random.nextInt(image.length);
    for (int tries = 0; tries < 1000 && image[at] == 0; tries++) {
      at = random.nextInt(image.length);
    }
    return at;
  }

  private void open(PersistentMemory memory, int round) {
    float[] read = new float[mirrored.length];
    try (ModelMirror mirror = ModelMirror.open(memory, terms(), tensors(read))) {
      if (mirror.mirrorIn().isPresent()) {
        assertThat(read).as("round %d of -Dtest.seed=%d", round, seed).containsExactly(mirrored);
        accepted++;
      } else {
        refused++; // The root was taken away: no mirror, and nothing of one.
        assertThat(read).containsOnly(0);
      }
    } catch (MirrorException | PoolException e) {
      refused++;
      assertThat(read)
          .as("round %d of -Dtest.seed=%d, refused by %s", round, seed, e)
          .containsOnly(0);
    } catch (RuntimeException | Error e) {
      throw new AssertionError("round " + round + " of -Dtest.seed=" + seed, e);
    }
  }

  /** The memory, some of whose bytes another process writes to as soon as they were read. */
  private static PersistentMemory changing(
      SimulatedMemory memory, Random random, double odds, int[] changes) {
    InvocationHandler host =
        (_, method, arguments) -> {
          Object result;
          try {
            result = method.invoke(memory, arguments);
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
          int length =
              switch (method.getName()) {
                case "read" -> (int) arguments[3];
                case "getLong" -> Long.BYTES;
                case "getInt" -> Integer.BYTES;
                default -> 0;
              };
          if (length > 0 && random.nextDouble() < odds) {
            byte[] one = new byte[1];
            long at = (long) arguments[0] + random.nextInt(length);
            memory.read(at, one, 0, 1);
            one[0] ^= (byte) (1 << random.nextInt(8));
            memory.write(at, one, 0, 1);
            changes[0]++;
          }
          return result;
        };
    return (PersistentMemory)
        Proxy.newProxyInstance(
            PersistentMemory.class.getClassLoader(), new Class<?>[] {PersistentMemory.class}, host);
  }

  private static List<MirroredTensor> tensors(float[] block) {
    return List.of(
        new MirroredTensor("0.weights", new int[] {2, 4, 4}, block, 0, 32),
        new MirroredTensor("1.weights", new int[] {2, 4, 4}, block, 32, 32),
        new MirroredTensor("2.biases", new int[] {32}, block, 64, 32));
  }

  private MirrorTerms terms() {
    return new MirrorTerms(
        new Id128(1, 2), new Id128(3, 4), jobKey, 1, "[net]", 1, "plan", 8, false, digestKey);
  }
}
