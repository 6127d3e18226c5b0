package plinius.romulus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.pmem.PersistentMemory;
import plinius.testkit.ForwardingMemory;
import plinius.testkit.Granularity;
import plinius.testkit.SimulatedMemory;
import plinius.testkit.Tearing;

/** What open believes: nothing. */
class PoolFormatTest {
  private static final long SEED = Long.parseLong("0" + System.getProperty("test.seed", "1"));

  private static SimulatedMemory memory(byte[] image) {
    return new SimulatedMemory(image, Granularity.LINE, Tearing.LINES);
  }

  private static byte[] image() {
    return image(Protocol.PING_PONG);
  }

  private static byte[] image(Protocol protocol) {
    return image(protocol, 0);
  }

  private static byte[] image(Protocol protocol, int ticks) {
    SimulatedMemory memory = memory(new byte[Story.POOL_BYTES]);
    Pool pool = Pool.format(memory, Story.IDENTITY, protocol, Story.SMALL_TWIN_BYTES);
    for (int i = 0; i < 5; i++) {
      Story.step(pool);
    }
    for (int i = 0; i < ticks; i++) {
      Story.tick(pool);
    }
    return memory.visible();
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void every_flipped_bit_of_the_two_header_pages_is_noticed(Protocol protocol) {
    for (int ticks : new int[] {0, 3}) { // the state is the word's, or a witness's
      byte[] image = image(protocol, ticks);
      int outdated = 0;
      for (int bit = ticks == 0 ? 0 : 8 * 4096; bit < 8 * 8192; bit++) {
        image[bit / 8] ^= (byte) (1 << bit % 8);
        SimulatedMemory memory = memory(image);
        boolean witness = bit / 8 >= Witness.OFFSET && bit / 8 < Witness.OFFSET + 128;
        try {
          // What is behind the word of an outdated witness nobody looks at.
          assertThat(Story.check(Pool.open(memory))).as("bit %d", bit).isEqualTo(5 + ticks);
          assertThat(witness && bit / 8 % 64 >= 8).as("bit %d", bit).isTrue();
          outdated++;
        } catch (PoolException.Corrupt noticed) {
          assertThat(noticed).hasMessageNotContaining("null");
        }
        assertThat(memory.wasStoredTo()).isFalse();
        image[bit / 8] ^= (byte) (1 << bit % 8);
      }
      assertThat(outdated).isEqualTo((ticks == 0 ? 2 : 1) * 8 * 56);
      assertThat(Story.check(Pool.open(memory(image)))).isEqualTo(5 + ticks);
    }
  }

  /** The image with other bytes in its static header, and the checksum of these. */
  private static byte[] withHeader(Consumer<ByteBuffer> change) {
    byte[] image = image();
    ByteBuffer header = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    change.accept(header);
    CRC32C crc = new CRC32C();
    crc.update(image, 0, 4092);
    header.putInt(4092, (int) crc.getValue());
    return image;
  }

  private static void assertRefused(
      byte[] image, Class<? extends PoolException> how, String... what) {
    SimulatedMemory memory = memory(image);
    assertThatThrownBy(() -> Pool.open(memory)).isInstanceOf(how).hasMessageContainingAll(what);
    assertThat(memory.wasStoredTo()).isFalse();
  }

  @Test
  void another_version_protocol_or_byte_order_is_no_damage_and_named() {
    assertThat(Story.check(Pool.open(memory(withHeader(_ -> {}))))).isEqualTo(5);
    assertRefused(
        withHeader(header -> header.putInt(8, 3)),
        PoolException.Incompatible.class,
        "version 3",
        "knows versions 1 to 2");
    assertRefused(
        withHeader(header -> header.putInt(12, 2)),
        PoolException.Incompatible.class,
        "protocol 2",
        "1 (romulus)");
    assertRefused(
        withHeader(header -> header.putLong(0, Long.reverseBytes(PoolFormat.MAGIC))),
        PoolException.Incompatible.class,
        "other byte order");
    assertRefused(
        withHeader(header -> header.putLong(0, PoolFormat.MAGIC + 1)),
        PoolException.Corrupt.class,
        "mark of a pool");
  }

  @Test
  void twins_are_as_large_as_their_blocks_can_be_counted_and_no_larger() {
    long larger = PoolSizing.TWIN_BYTES_MAX + 4096;
    assertRefused(
        withHeader(header -> header.putLong(48, 1L << 40).putLong(56, larger)),
        PoolException.Corrupt.class,
        Long.toString(larger),
        "at most 34359738368");
    PersistentMemory large =
        new ForwardingMemory(memory(new byte[8192])) {
          @Override
          public long bytes() {
            return 1L << 40;
          }
        };
    assertThatThrownBy(() -> Pool.format(large, Story.IDENTITY, Protocol.PING_PONG, larger))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at most 34359738368");
    assertThat(PoolFormat.wrongSizes(1L << 40, PoolSizing.TWIN_BYTES_MAX)).isNull();
    // What is derived stays below.
    assertThat(PoolSizing.twinBytesFor(1L << 40, 12L << 30)).isEqualTo(PoolSizing.TWIN_BYTES_MAX);
    assertThat(PoolSizing.of(new long[] {1L << 40}, 12L << 30).twinBytes())
        .isEqualTo(PoolSizing.TWIN_BYTES_MAX);
  }

  @Test
  void the_header_lies_where_the_document_says() {
    byte[] image = image();
    assertThat(Arrays.copyOfRange(image, 0, 8))
        .isEqualTo(new byte[] {'P', 'L', 'I', 'N', 'I', 'U', 'S', (byte) 0xFA});
    assertThat(Arrays.copyOfRange(image, 8, 16)).containsExactly(2, 0, 0, 0, 0, 0, 0, 0);
    assertThat(Arrays.copyOfRange(image, 16, 32)).containsOnly(1);
    assertThat(Arrays.copyOfRange(image, 32, 48)).containsOnly(2);
    // Sequence 5, the check of it below.
    assertThat(Arrays.copyOfRange(image, 4098, 4104)).containsExactly(5, 0, 0, 0, 0, 0);
  }

  @Test
  void a_truncated_pool_is_refused() {
    byte[] image = image();
    for (int bytes = 0; bytes < image.length; bytes += 4096) {
      byte[] cut = Arrays.copyOf(image, bytes);
      assertThatThrownBy(() -> Pool.open(memory(cut)))
          .isInstanceOf(PoolException.Corrupt.class)
          .hasMessageContaining("bytes");
    }
  }

  @Test
  void zeros_are_no_pool_and_a_pool_is_not_formatted_over() {
    assertThatThrownBy(() -> Pool.open(memory(new byte[Story.POOL_BYTES])))
        .isInstanceOf(PoolException.NotFormatted.class);
    SimulatedMemory memory = memory(image());
    assertThatThrownBy(
            () -> Pool.format(memory, Story.IDENTITY, Protocol.PING_PONG, Story.SMALL_TWIN_BYTES))
        .isInstanceOf(PoolException.Incompatible.class);
    assertThat(memory.wasStoredTo()).isFalse();
  }

  @Test
  void a_hostile_allocator_is_refused_or_harmless() {
    // A flipped bit of the committed twin: open refuses it, or nothing that an update does leaves
    // the pool.
    byte[] image = image();
    long sequence = Pool.open(memory(image)).info().sequence();
    int base = 8192 + (int) (sequence % 2) * Story.SMALL_TWIN_BYTES;
    Random random = new Random(SEED);
    int refused = 0;
    for (int bit = 0; bit < 8 * 5200; bit += 1 + random.nextInt(5)) {
      image[base + bit / 8] ^= (byte) (1 << bit % 8);
      try {
        Pool pool = Pool.open(memory(image));
        Story.step(pool);
      } catch (PoolException.Corrupt e) {
        refused++;
      } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
        // The story's own references were changed: the pool checks them where they are used.
      }
      image[base + bit / 8] ^= (byte) (1 << bit % 8);
    }
    assertThat(refused).isGreaterThan(1000);
  }

  @Test
  void every_size_class_holds_what_it_promises_and_wastes_at_most_a_quarter() {
    for (int sizeClass = 0; sizeClass < Heap.CLASSES; sizeClass++) {
      long bytes = Heap.classBytes(sizeClass);
      assertThat(Heap.sizeClass(bytes)).isEqualTo(sizeClass);
      assertThat(bytes % Heap.BLOCK_HEADER_BYTES).isZero();
    }
    for (long bytes = 17; bytes < 100_000; bytes++) {
      long block = Heap.classBytes(Heap.sizeClass(bytes));
      assertThat(block).isBetween(bytes, Math.max(bytes + 16, bytes * 5 / 4 + 1));
    }
  }

  @Test
  void a_pool_of_the_size_that_sizing_says_holds_two_models() {
    long[] extents = {100_000, 5, 4096, 1_000_000};
    PoolSizing sizing = PoolSizing.of(extents, 10_000);
    SimulatedMemory memory = memory(new byte[(int) sizing.poolBytes()]);
    Pool pool = Pool.format(memory, Story.IDENTITY, Protocol.PING_PONG, sizing.twinBytes());
    Extent[] held = new Extent[extents.length];
    for (int mirror = 0; mirror < 5; mirror++) {
      pool.update(
          tx -> {
            for (int i = 0; i < extents.length; i++) {
              if (held[i] != null) {
                tx.freeExtent(held[i]);
              }
              held[i] = tx.allocExtent(extents[i]);
            }
            return null;
          });
    }
    pool.update(tx -> tx.alloc(10_000));
    assertThat(PoolSizing.twinBytesFor(sizing.poolBytes(), 10_000))
        .isGreaterThanOrEqualTo(sizing.twinBytes());
  }
}
