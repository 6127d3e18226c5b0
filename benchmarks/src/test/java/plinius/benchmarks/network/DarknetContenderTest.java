package plinius.benchmarks.network;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;
import plinius.darknet.cfg.Cfg;

/** What is said of a library that is not the original's, before anything of it is called. */
class DarknetContenderTest {
  private static final String CFG =
      """
      [net]
      batch=1
      height=4
      width=4
      channels=1

      [connected]
      output=2

      [softmax]
      """;

  @Test
  void a_library_that_is_not_there_is_named(@TempDir Path folder) {
    refused(folder.resolve("libdarknet.so"), "libdarknet.so is not there");
  }

  @Test
  void a_file_that_is_no_library_is_named(@TempDir Path folder) throws Exception {
    Path text = Files.writeString(folder.resolve("libtext.so"), "no library");

    refused(text, "libtext.so is no library that loads here");
    refused(folder, folder + " is no library that loads here");
  }

  @Test
  void a_library_of_others_is_named_with_the_function_that_it_lacks() {
    Path other = Path.of(System.getProperty("java.home"), "lib", System.mapLibraryName("zip"));

    refused(other, other + " has no function parse_network_cfg");
  }

  private static void refused(Path library, String said) {
    Task task = new Task(Cfg.parse(CFG, "net.cfg", Map.of()), Task.Work.TRAIN, 1);

    assertThatThrownBy(() -> new DarknetContender(library, task))
        .hasMessageContainingAll("--darknet", said, "libdarknet.so")
        .asInstanceOf(InstanceOfAssertFactories.type(Refusal.class))
        .extracting(Refusal::exitCode)
        .isEqualTo(ExitCode.BAD_INPUT);
  }
}
