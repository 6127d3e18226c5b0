package plinius.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.romulus.Pool;
import plinius.romulus.PoolException;
import plinius.romulus.Protocol;
import plinius.store.PoolFile;

/** Looking at a pool that somebody else changes meanwhile. */
final class UnlockedPoolTest {
  private static final long BYTES = 4 << 20;
  private static final int BLOCKS = 500;
  private static final int LOOKS = 15;

  @TempDir private Path folder;
  private Path file;
  private PoolFile writer;

  @BeforeEach
  void make_a_pool() {
    file = folder.resolve("model.pm");
    writer = PoolFile.create(file, BYTES, Protocol.PING_PONG, PoolFile.Options.writing());
  }

  @AfterEach
  void close_it() {
    writer.close();
  }

  private void commit() {
    writer
        .pool()
        .update(
            tx -> {
              long ref = tx.alloc(64);
              tx.setLong(ref, 1);
              return null;
            });
  }

  @Test
  void what_was_read_while_the_pool_changed_is_read_again() {
    AtomicInteger looks = new AtomicInteger();

    int found =
        UnlockedPool.read(
            file,
            _ -> {
              if (looks.incrementAndGet() < 3) {
                commit();
              }
              return looks.get();
            });

    assertThat(found).isEqualTo(3);
  }

  @Test
  void what_seems_damaged_while_the_pool_changes_is_looked_at_again() {
    assertLooksAgainAfter(this::commit);
  }

  /** It grew, and its word changed, after the file was mapped and before the word was read. */
  @Test
  void a_pool_that_grew_before_the_look_began_is_not_damaged() {
    assertLooksAgainAfter(this::lengthen);
  }

  /** The first look finds damage, and beside it somebody changes the pool. */
  private void assertLooksAgainAfter(Runnable change) {
    AtomicInteger looks = new AtomicInteger();

    String found =
        UnlockedPool.read(
            file,
            _ -> {
              if (looks.incrementAndGet() == 1) {
                change.run();
                throw new PoolException.Corrupt("heap", "it was torn");
              }
              return "sound";
            });

    assertThat(found).isEqualTo("sound");
  }

  @Test
  void what_is_damaged_while_the_pool_stands_still_is_damaged() {
    AtomicInteger looks = new AtomicInteger();

    assertThatThrownBy(
            () ->
                UnlockedPool.read(
                    file,
                    _ -> {
                      looks.incrementAndGet();
                      throw new PoolException.Corrupt("heap", "it was changed");
                    }))
        .isInstanceOf(PoolException.Corrupt.class);
    assertThat(looks).hasValue(1);
  }

  @Test
  void a_pool_that_never_stands_still_is_in_use() {
    assertThatThrownBy(
            () ->
                UnlockedPool.read(
                    file,
                    _ -> {
                      commit();
                      return null;
                    }))
        .isInstanceOfSatisfying(
            Refusal.class, why -> assertThat(why.exitCode()).isEqualTo(ExitCode.IN_USE))
        .hasMessageContaining("in use");
  }

  @Test
  void a_pool_that_grew_meanwhile_is_seen_with_its_new_length() {
    writer.close();
    writer = PoolFile.open(file, PoolFile.Options.writing().growing());
    AtomicInteger looks = new AtomicInteger();

    long found =
        UnlockedPool.read(
            file,
            memory -> {
              if (looks.incrementAndGet() == 1) {
                writer.pool().grow(1 << 20);
              }
              return Pool.open(memory).info().poolBytes();
            });

    assertThat(found).isEqualTo(BYTES + (1 << 20));
  }

  private void lengthen() {
    try {
      Files.write(file, new byte[4096], StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Every command that looks without a lock, beside a writer that gives and takes blocks. */
  @ParameterizedTest
  @EnumSource(Protocol.class)
  void a_pool_that_is_written_to_is_never_said_to_be_damaged(Protocol protocol) throws Exception {
    writer.close();
    Path there = folder.resolve("busy.pm");
    writer = PoolFile.create(there, BYTES, protocol, PoolFile.Options.writing());
    Pool pool = writer.pool();
    List<Long> blocks = new ArrayList<>();
    AtomicBoolean stop = new AtomicBoolean();
    Thread busy = Thread.ofPlatform().start(() -> changeUntil(stop, pool, blocks));
    List<Said> answers = new ArrayList<>();
    try {
      for (int look = 0; look < LOOKS; look++) {
        for (String verb : List.of("verify", "dump", "info")) {
          answers.add(Said.run("pm", verb, there));
        }
        answers.add(Said.run("pm", "recover", "--dry-run", there));
      }
    } finally {
      stop.set(true);
      busy.join();
    }

    assertThat(answers)
        .allSatisfy(
            said ->
                assertThat(said.code())
                    .as(said.err())
                    .isIn(ExitCode.DONE.code(), ExitCode.IN_USE.code()));
    assertThat(Said.run("pm", "verify", there).code()).isZero();
  }

  private static void changeUntil(AtomicBoolean stop, Pool pool, List<Long> blocks) {
    for (int round = 0; !stop.get(); round++) {
      int bytes = 32 + 16 * (round % 5);
      pool.update(
          tx -> {
            if (blocks.size() == BLOCKS) {
              blocks.forEach(tx::free);
              blocks.clear();
            }
            blocks.add(tx.alloc(bytes));
            return null;
          });
    }
  }
}
