package plinius.store;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import plinius.romulus.Extent;
import plinius.romulus.Protocol;

/**
 * Pools that a version of this program wrote, one of each protocol and each format, kept as they
 * were: they are opened, and go on. A test that fails here means that people's pools would not
 * open.
 */
@SuppressWarnings("ArrayRecordComponent") // that is how arrays of fixed length lie in an object
class ReleasedFormatTest {
  record Kept(long value, @Length(4) float[] numbers, Ref<Kept> next) {}

  private static final Layout<Kept> KEPT = Layout.of(MethodHandles.lookup(), Kept.class);

  @TempDir Path folder;

  /** What the kept images hold; how they were made. */
  static void fill(Store store) {
    for (int i = 1; i <= 3; i++) {
      int value = i;
      store.update(
          tx -> {
            Ref<Kept> next = tx.root("kept", KEPT);
            Kept object = new Kept(value, new float[] {value, -0.5f, 1e-40f, 3}, next);
            tx.setRoot("kept", KEPT, tx.alloc(KEPT, object));
            Extent extent = tx.raw().allocExtent(5000L * value);
            tx.raw().writeExtent(extent, 0, new byte[] {(byte) value, 2, 3}, 0, 3);
            long place = tx.raw().alloc(16);
            tx.raw().setLong(place, extent.offset());
            tx.raw().setLong(place + 8, extent.bytes());
            tx.raw().setRoot("extent " + value, place);
            return null;
          });
    }
    store.update(
        tx -> {
          long place = tx.raw().root("extent 2");
          tx.raw().setRoot("extent 2", 0);
          tx.raw().free(place); // its extent stays: nothing names it any more
          return null;
        });
  }

  /** What version 2 has more: a state that a witness speaks for. */
  static void fillFurther(Store store) {
    for (int i = 0; i < 3; i++) {
      change(store, 3);
    }
  }

  private static void change(Store store, long value) {
    store.update(
        tx -> {
          tx.setLong(KEPT.longField("value"), tx.root("kept", KEPT), value);
          return null;
        });
  }

  @ParameterizedTest
  @CsvSource({"1, PING_PONG", "1, ROMULUS", "2, PING_PONG", "2, ROMULUS"})
  void a_released_pool_is_opened_and_goes_on(int version, Protocol protocol) throws IOException {
    Path path = folder.resolve("kept.pm");
    try (InputStream kept =
        new GZIPInputStream(
            requireNonNull(
                ReleasedFormatTest.class.getResourceAsStream(
                    "pool-" + version + "-" + protocol.option() + ".pm.gz")))) {
      Files.copy(kept, path);
    }
    for (int round = 0; round < 2; round++) {
      try (PoolFile file = PoolFile.open(path, PoolFile.Options.writing())) {
        check(file, version, protocol, round);
        change(new Store(file.pool()), 4);
      }
    }
  }

  private static void check(PoolFile file, int version, Protocol protocol, int round) {
    assertThat(file.pool().info().formatVersion()).isEqualTo(version);
    assertThat(file.pool().info().protocol()).isEqualTo(protocol);
    assertThat(file.pool().info().sequence()).isEqualTo(version == 1 ? 4 + round : 7 + round);
    assertThat(file.pool().info().roots()).containsExactly("extent 1", "extent 3", "kept");
    assertThat(file.pool().info().extentCount()).isEqualTo(3);
    new Store(file.pool())
        .read(
            tx -> {
              Ref<Kept> ref = tx.root("kept", KEPT);
              for (long value : new long[] {round == 0 ? 3 : 4, 2, 1}) {
                Kept kept = tx.get(KEPT, ref);
                assertThat(kept.value()).isEqualTo(value);
                assertThat(kept.numbers()[1]).isEqualTo(-0.5f);
                assertThat(kept.numbers()[2]).isEqualTo(1e-40f);
                ref = kept.next();
              }
              assertThat(ref.isNone()).isTrue();
              long place = tx.raw().root("extent 3");
              byte[] bytes = new byte[3];
              Extent extent = new Extent(tx.raw().getLong(place), tx.raw().getLong(place + 8));
              tx.raw().readExtent(extent, 0, bytes, 0, 3);
              assertThat(bytes).containsExactly(3, 2, 3);
              return null;
            });
  }

  @Test
  void this_program_still_writes_what_is_kept_as_format_version_2() {
    for (Protocol protocol : Protocol.values()) {
      Path path = folder.resolve("new-" + protocol.option() + ".pm");
      try (PoolFile file =
          PoolFile.create(path, PoolFile.BYTES_MIN, protocol, PoolFile.Options.writing())) {
        fill(new Store(file.pool()));
        fillFurther(new Store(file.pool()));
        check(file, 2, protocol, 0);
      }
    }
  }
}
