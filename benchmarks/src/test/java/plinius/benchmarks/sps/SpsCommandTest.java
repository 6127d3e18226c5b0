package plinius.benchmarks.sps;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import plinius.benchmarks.Main;
import plinius.cli.ExitCode;

/** What is refused before a process is started. */
class SpsCommandTest {
  @ParameterizedTest
  @CsvSource({
    "--swaps, 0",
    "--swaps, '1,-1'",
    "--threads, 0",
    "--rounds, 0",
    "--milliseconds, 0",
    "--write-back, msync",
    "--write-back, auto",
    "--write-back, none",
    "--folder, no-such-folder"
  })
  void what_is_no_measurement_is_a_mistake_of_usage(String option, String value) {
    assertThat(Main.run("bench", "sps", option, value)).isEqualTo(ExitCode.USAGE.code());
  }
}
