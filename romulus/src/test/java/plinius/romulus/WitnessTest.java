package plinius.romulus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.testkit.Granularity;
import plinius.testkit.SimulatedMemory;
import plinius.testkit.Tearing;

/** What a witness is believed, and when there is none. */
@ParameterizedClass
@EnumSource(Protocol.class)
class WitnessTest {
  private static final int WITNESSES = (int) Witness.OFFSET;
  private static final int LINE = 64;

  @Parameter Protocol protocol;

  private static SimulatedMemory memory(byte[] image) {
    return new SimulatedMemory(image, Granularity.LINE, Tearing.LINES);
  }

  /** One step and ticks, as a pool of this version leaves it. */
  private byte[] image(int ticks) {
    SimulatedMemory memory = memory(Scenarios.of(protocol).afterSteps(1));
    Pool pool = Pool.open(memory);
    for (int i = 0; i < ticks; i++) {
      Story.tick(pool);
    }
    return memory.visible();
  }

  private static ByteBuffer bytes(byte[] image) {
    return ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Where the newest witness lies. */
  private static int newest(byte[] image) {
    long first = bytes(image).getLong(WITNESSES) >>> 16;
    return first > bytes(image).getLong(WITNESSES + LINE) >>> 16 ? WITNESSES : WITNESSES + LINE;
  }

  /** Where the lines lie that it names. */
  private static List<Integer> lines(byte[] image, int witness) {
    List<Integer> lines = new ArrayList<>();
    int twin = 8192 + (witness - WITNESSES) / LINE * Story.SMALL_TWIN_BYTES;
    for (int at = witness + 24; at < witness + LINE; at += 4) {
      int line = bytes(image).getInt(at);
      if (line >= 0) {
        lines.add(twin + LINE * line);
      }
    }
    return lines;
  }

  private static int state(byte[] image) {
    return Story.check(Pool.open(memory(image)));
  }

  @Test
  void it_is_believed_as_far_as_each_byte_that_it_speaks_of_is_there() {
    byte[] image = image(4);
    byte[] before = image(3);
    assertThat(state(image)).isEqualTo(5);
    int words = 0;
    for (int line : lines(image, newest(image))) {
      for (int at = line; at < line + LINE; at++) {
        byte kept = image[at];
        image[at] = (byte) ~kept;
        assertThat(state(image)).as("byte %d", at).isEqualTo(4);
        image[at] = before[at];
        words += kept != before[at] ? 1 : 0;
        assertThat(state(image)).as("byte %d", at).isEqualTo(kept == before[at] ? 5 : 4);
        image[at] = kept;
      }
    }
    assertThat(words).isPositive();
    assertThat(state(image)).isEqualTo(5);
  }

  /** Of two words in a line: a sum in which their order did not count would be no witness. */
  @Test
  void words_that_changed_places_are_noticed() {
    byte[] image = image(4);
    ByteBuffer bytes = bytes(image);
    int swapped = 0;
    for (int line : lines(image, newest(image))) {
      for (int a = line; a < line + LINE; a += 8) {
        for (int b = line; b < a; b += 8) {
          long first = bytes.getLong(a);
          long second = bytes.getLong(b);
          bytes.putLong(a, second).putLong(b, first);
          assertThat(state(image)).isEqualTo(first == second ? 5 : 4);
          swapped += first == second ? 0 : 1;
          bytes.putLong(a, first).putLong(b, second);
        }
      }
    }
    assertThat(swapped).isPositive();
  }

  @Test
  void two_that_do_not_fit_cannot_come_from_one_crash() {
    byte[] image = image(5);
    for (int witness : new int[] {WITNESSES, WITNESSES + LINE}) {
      image[lines(image, witness).getFirst()] ^= 1;
    }
    assertThatThrownBy(() -> state(image))
        .isInstanceOf(PoolException.Corrupt.class)
        .hasMessageContaining("witness");
  }

  @Test
  void an_update_after_opening_takes_the_witnesses_back() {
    byte[] image = image(4);
    SimulatedMemory memory = memory(image);
    Pool pool = Pool.open(memory);
    assertThat(memory.wasStoredTo()).isFalse();
    pool.update(_ -> null);
    assertThat(memory.getLong(WITNESSES)).isZero();
    assertThat(memory.getLong(WITNESSES + LINE)).isZero();
    assertThat(Story.check(Pool.open(memory))).isEqualTo(5);
  }

  @Test
  void what_was_made_durable_by_hand_is_not_forgotten_by_the_next_witness() {
    SimulatedMemory memory = memory(image(3));
    Pool pool = Pool.open(memory);
    for (int i = 0; i < 3; i++) {
      Story.tick(pool);
      pool.persist(); // a fence between a commit and what it owes
    }
    Story.tick(pool);
    byte[] image = memory.visible();
    // What it changed, and in the protocol of two twins that change places what it owed.
    assertThat(lines(image, newest(image))).hasSize(protocol == Protocol.PING_PONG ? 4 : 2);
    assertThat(state(image)).isEqualTo(8);
  }

  @Test
  void a_pool_of_version_1_gets_none_and_costs_the_fences_it_did() {
    byte[] image = Scenarios.of(protocol).afterSteps(1);
    bytes(image).putInt(8, 1);
    CRC32C crc = new CRC32C();
    crc.update(image, 0, 4092);
    bytes(image).putInt(4092, (int) crc.getValue());
    SimulatedMemory memory = memory(image);
    Pool pool = Pool.open(memory);
    assertThat(pool.info().formatVersion()).isEqualTo(1);
    Story.tick(pool);
    long fences = memory.trace().fences();
    Story.tick(pool);
    Story.tick(pool);
    assertThat(memory.trace().fences() - fences).isEqualTo(protocol == Protocol.PING_PONG ? 4 : 8);
    assertThat(Arrays.copyOfRange(memory.visible(), 4104, 8192)).containsOnly(0);
    assertThat(Story.check(Pool.open(memory))).isEqualTo(4);
  }

  @ParameterizedTest
  @EnumSource(Granularity.class)
  void what_is_written_back_by_the_page_gets_none(Granularity granularity) {
    SimulatedMemory memory =
        new SimulatedMemory(Scenarios.of(protocol).afterSteps(1), granularity, Tearing.LINES);
    Pool pool = Pool.open(memory);
    for (int i = 0; i < 4; i++) {
      Story.tick(pool);
    }
    boolean any = memory.getLong(WITNESSES) != 0 || memory.getLong(WITNESSES + LINE) != 0;
    assertThat(any).isEqualTo(granularity == Granularity.LINE);
    // Copied to a medium of the other kind it is the same pool.
    for (Granularity other : Granularity.values()) {
      SimulatedMemory moved = new SimulatedMemory(memory.visible(), other, Tearing.LINES);
      assertThat(Story.checkAndContinue(moved, _ -> {})).isEqualTo(5);
    }
  }

  @Test
  void numbers_that_lie_outside_are_refused_though_the_check_fits() {
    byte[] image = image(4);
    int witness = newest(image);
    for (int number : new int[] {Story.SMALL_TWIN_BYTES / LINE, -2, Integer.MIN_VALUE}) {
      byte[] changed = image.clone();
      ByteBuffer bytes = bytes(changed).putInt(witness + 24, number);
      long check = bytes.getLong(witness) >>> 16;
      for (int at = witness + 24; at < witness + LINE; at += 8) {
        check = Witness.mix(check, bytes.getLong(at));
      }
      bytes.putLong(witness + 8, Witness.mix(check, bytes.getLong(witness + 16)));
      assertThatThrownBy(() -> state(changed))
          .isInstanceOf(PoolException.Corrupt.class)
          .hasMessageContaining("witness");
    }
  }
}
