package plinius.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.TypeConversionException;

/** Mistakes that people can mend end with an exit code that says so, and never as a defect. */
final class MistakesTest {
  @TempDir private Path folder;

  @Test
  void a_pin_or_an_address_that_no_broker_has_is_a_mistake_of_usage() {
    String job = "0".repeat(32);
    String pin = "0".repeat(64);

    for (Said said :
        List.of(
            Said.run("status", job, "--broker", "https://127.0.0.1:1", "--broker-pin", "pin"),
            Said.run("status", job, "--broker", "http://127.0.0.1:1", "--broker-pin", pin),
            Said.run("status", job, "--broker", "localhost", "--broker-pin", pin))) {
      assertThat(said.code()).as(said.err()).isEqualTo(ExitCode.USAGE.code());
      assertThat(said.err()).contains("what it prints").doesNotContain("internal");
    }
  }

  @Test
  void evidence_that_cannot_be_written_is_no_defect() throws Exception {
    Path machine = Files.createDirectories(folder.resolve("dev/attestation"));
    Files.writeString(machine.resolve("attestation_type"), "dcap");
    Files.write(machine.resolve("quote"), new byte[] {1});
    Files.write(machine.resolve("my_target_info"), new byte[512]);
    Path out = folder.resolve("evidence");

    Said nowhere = attest(folder.resolve("nowhere/evidence"));
    assertThat(nowhere.code()).as(nowhere.err()).isEqualTo(ExitCode.MEDIUM.code());
    assertThat(nowhere.err()).contains("does not exist").doesNotContain("internal");

    assertThat(attest(out).code()).isZero();
    assertThat(out).isNotEmptyFile();
    Said again = attest(out);
    assertThat(again.code()).isEqualTo(ExitCode.BAD_INPUT.code());
    assertThat(again.err()).contains("exists already");
  }

  @Test
  void a_machine_that_can_prove_nothing_is_no_defect() {
    Said said = Said.run("attest", "--root", folder);

    assertThat(said.code()).as(said.err()).isEqualTo(ExitCode.MEDIUM.code());
    assertThat(said.err()).contains("Gramine").doesNotContain("internal");
  }

  private Said attest(Path out) {
    return Said.run("attest", "--platform", "gramine", "--root", folder, "--out", out);
  }

  @Test
  void a_key_that_cannot_be_written_is_the_mediums_fault() {
    Said said = Said.run("key", "new", folder.resolve("nowhere/owner.key"));

    assertThat(said.code()).as(said.err()).isEqualTo(ExitCode.MEDIUM.code());
  }

  @Test
  void a_size_that_no_long_holds_is_none() {
    ByteSize.Converter converter = new ByteSize.Converter();

    assertThat(converter.convert("9999999999").bytes()).isEqualTo(9_999_999_999L);
    assertThat(converter.convert("8G").bytes()).isEqualTo(8L << 30);
    assertThat(converter.convert("8589934591G").bytes()).isEqualTo(8589934591L << 30);
    for (String wrong : List.of("8589934592G", "9999999999G", "G", "", "-1", "1T")) {
      assertThatThrownBy(() -> converter.convert(wrong))
          .as(wrong)
          .isInstanceOf(TypeConversionException.class);
    }
  }

  @Test
  void a_file_that_does_not_fit_into_memory_says_how_to_give_more() throws Exception {
    Path huge = folder.resolve("huge.policy");
    try (RandomAccessFile sparse = new RandomAccessFile(huge.toFile(), "rw")) {
      sparse.setLength(3L << 30); // more than an array holds
    }

    Said said = Said.run("verify", huge, "--policy", huge);

    assertThat(said.code()).as(said.err()).isEqualTo(ExitCode.BAD_INPUT.code());
    assertThat(said.err())
        .contains("does not fit into memory", "JDK_JAVA_OPTIONS=-Xmx")
        .doesNotContain("at plinius.");
  }

  @Test
  void every_verb_says_its_version() {
    for (Said said :
        List.of(
            Said.run("--version"),
            Said.run("train", "--version"),
            Said.run("pm", "info", "--version"))) {
      assertThat(said.code()).as(said.err()).isZero();
      assertThat(said.out()).startsWith("plinius ");
    }
  }
}
