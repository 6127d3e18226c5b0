package plinius.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SimulatedMachineTest {
  @TempDir Path folder;

  private static String key(Path machine) throws IOException {
    return Files.readString(machine.resolve("simulation.key"));
  }

  @Test
  void the_key_is_made_once_and_readable_by_their_owner_alone() throws IOException {
    Path machine = folder.resolve("machine");
    String first = key(SimulatedMachine.made(machine));

    assertThat(key(SimulatedMachine.made(machine))).isEqualTo(first);
    Path file = machine.resolve("simulation.key");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(key(SimulatedMachine.made(folder.resolve("elsewhere")))).isNotEqualTo(first);
  }

  @Test
  void runs_that_start_together_agree_on_the_key() throws Exception {
    List<Future<String>> keys = new ArrayList<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(4)) {
      for (int i = 0; i < 8; i++) {
        keys.add(executor.submit(() -> key(SimulatedMachine.made(folder))));
      }
    }

    String first = keys.getFirst().get();
    for (Future<String> each : keys) {
      assertThat(each.get()).isEqualTo(first);
    }
  }
}
