package plinius.romulus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.pmem.PmemException;
import plinius.testkit.CrashTester;
import plinius.testkit.ForwardingMemory;
import plinius.testkit.Granularity;
import plinius.testkit.SimulatedMemory;
import plinius.testkit.Tearing;

/** A pool whose extents are enlarged while it is in use, in a memory that is long enough. */
@ParameterizedClass
@EnumSource(Protocol.class)
class GrowthTest {
  private static final int LIMIT = 300;
  private static final int LONGER_BYTES = Story.POOL_BYTES + (64 << 12);

  @Parameter Protocol protocol;

  private byte[] longerMemory(int steps) {
    SimulatedMemory memory = new SimulatedMemory(Story.POOL_BYTES, Granularity.LINE);
    Pool pool = Pool.format(memory, Story.IDENTITY, protocol, Story.SMALL_TWIN_BYTES);
    for (int i = 0; i < steps; i++) {
      Story.step(pool);
    }
    return Arrays.copyOf(memory.visible(), LONGER_BYTES);
  }

  private static SimulatedMemory lines(byte[] image) {
    return new SimulatedMemory(image, Granularity.LINE, Tearing.LINES);
  }

  @Test
  void growing_may_be_interrupted_anywhere() {
    SimulatedMemory memory = lines(longerMemory(2));
    memory.mark(2);
    Pool pool = Pool.open(memory);
    pool.grow(40 << 12);
    memory.mark(2);
    Story.step(pool);
    memory.mark(3);
    CrashTester.Report report =
        new CrashTester(Story::checkAndContinue).limit(LIMIT).lazily().test(memory.trace());
    assertThat(report.exhaustive()).isTrue();
    assertThat(report.images()).as("%s", report).isGreaterThan(200);
  }

  @Test
  void where_the_larger_map_has_no_room_the_memory_is_not_made_longer() {
    SimulatedMemory memory = lines(longerMemory(2));
    List<Long> grown = new ArrayList<>();
    Pool pool =
        Pool.open(
            new ForwardingMemory(memory) {
              @Override
              public void grow(long bytes) {
                grown.add(bytes);
              }
            });
    // Two bits a page: 64 KB, more than a twin has.
    assertThatThrownBy(() -> pool.grow(1L << 30)).isInstanceOf(PoolException.Full.class);
    assertThat(grown).isEmpty();
    Story.step(pool);
    assertThat(Story.check(Pool.open(lines(memory.visible())))).isEqualTo(3);
  }

  @Test
  void what_was_appended_is_handed_out_and_what_was_in_use_is_kept() {
    SimulatedMemory memory = lines(longerMemory(3));
    Pool pool = Pool.open(memory);
    long before = pool.info().extentAreaBytes();
    assertThatThrownBy(() -> pool.update(tx -> tx.allocExtent(before)))
        .isInstanceOf(PoolException.Full.class);
    pool.grow(64 << 12);
    assertThat(pool.info().extentAreaBytes()).isEqualTo(before + (64 << 12));
    Extent extent = pool.update(tx -> tx.allocExtent(60 << 12));
    assertThat(extent.offset() + extent.bytes()).isGreaterThan(Story.POOL_BYTES);
    assertThat(Story.check(pool)).isEqualTo(3);
    assertThat(Story.check(Pool.open(lines(memory.visible())))).isEqualTo(3);
    // This kind of memory has no more.
    assertThatThrownBy(() -> pool.grow(4096)).isInstanceOf(PmemException.CannotGrow.class);
    pool.update(
        tx -> {
          tx.freeExtent(extent);
          return null;
        });
    Story.step(pool);
    assertThat(Story.check(pool)).isEqualTo(4);
  }
}
