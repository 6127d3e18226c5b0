package plinius.benchmarks.sps;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;
import plinius.romulus.Pool;
import plinius.romulus.Protocol;

/** That swaps are counted, and that the check of the array would find a lost one. */
class SpsTest {
  private static final long NANOS = 50_000_000;

  private PersistentMemory memory;

  /** On tmpfs where there is one: the check wants many transactions. */
  @BeforeEach
  void map_a_file() throws IOException {
    Path tmpfs = Path.of("/dev/shm");
    Path folder = Files.isWritable(tmpfs) ? tmpfs : Path.of(System.getProperty("java.io.tmpdir"));
    Path file = Files.createTempFile(folder, "plinius-sps-", ".pm");
    try {
      Files.write(file, new byte[(int) Sps.poolBytes()]);
      memory = MappedMemory.open(file, Access.READ_WRITE, WriteBack.AUTO);
    } finally {
      Files.delete(file); // the mapping keeps it
    }
  }

  @AfterEach
  void unmap() {
    memory.close();
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void swaps_of_one_and_of_two_threads_leave_a_permutation(Protocol protocol) {
    Sps sps = new Sps(memory, protocol);

    assertThat(sps.run(1, 1, NANOS)).isPositive();
    assertThat(sps.run(2, 64, NANOS)).isPositive();
    sps.check();
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void a_swap_by_half_is_noticed(Protocol protocol) {
    Sps sps = new Sps(memory, protocol);
    Pool another = Pool.open(memory);
    // Twice, so that both twins have it, whichever of them the first pool believes.
    for (int twin = 0; twin < 2; twin++) {
      another.update(
          tx -> {
            long array = tx.root("array");
            tx.setLong(array, tx.getLong(array + Long.BYTES));
            return null;
          });
    }
    another.update(_ -> null); // pays what the last one owes

    assertThatThrownBy(sps::check)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("no permutation");
  }
}
