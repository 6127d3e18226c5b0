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

  private static String keys(Path machine) throws IOException {
    return Files.readString(machine.resolve("simulation.key"))
        + Files.readString(machine.resolve("simulation.seal"));
  }

  @Test
  void keys_are_made_once_and_readable_by_their_owner_alone() throws IOException {
    Path machine = folder.resolve("machine");
    String first = keys(SimulatedMachine.made(machine));

    assertThat(keys(SimulatedMachine.made(machine))).isEqualTo(first);
    for (String file : List.of("simulation.key", "simulation.seal")) {
      assertThat(
              PosixFilePermissions.toString(Files.getPosixFilePermissions(machine.resolve(file))))
          .isEqualTo("rw-------");
    }
    assertThat(keys(SimulatedMachine.made(folder.resolve("elsewhere")))).isNotEqualTo(first);
  }

  @Test
  void runs_that_start_together_agree_on_the_keys() throws Exception {
    List<Future<String>> keys = new ArrayList<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(4)) {
      for (int i = 0; i < 8; i++) {
        keys.add(executor.submit(() -> keys(SimulatedMachine.made(folder))));
      }
    }

    String first = keys.getFirst().get();
    for (Future<String> each : keys) {
      assertThat(each.get()).isEqualTo(first);
    }
  }
}
