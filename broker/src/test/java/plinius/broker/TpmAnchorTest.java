package plinius.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.attestation.kbs.CfgDigest;
import plinius.attestation.kbs.FreshnessMode;
import plinius.attestation.kbs.MirrorId;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;
import plinius.verification.evidence.Members;

/** The broker's log anchored in a TPM that software plays, Debian's swtpm. */
class TpmAnchorTest {
  private static final Id128 OWNER = new Id128(7, 7);

  @TempDir Path folder;
  private final SecretBytes key = SecretBytes.random(32);
  private Process swtpm;
  private Path state;
  private Path log;
  private String address;

  @BeforeEach
  void start_a_tpm() throws Exception {
    boolean there =
        Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(each -> Files.isExecutable(Path.of(each, "swtpm")));
    assumeTrue(there, "no swtpm here; Debian: apt install swtpm");
    Files.createDirectory(folder.resolve("tpm"));
    startTpm();
    address = "tpm:unix:" + folder.resolve("tpm.sock");
    state = folder.resolve("state");
    log = state.resolve(BrokerLog.FILE);
    BrokerLog.anchorAt(state, address);
  }

  @AfterEach
  void stop_the_tpm() throws InterruptedException {
    if (swtpm != null) {
      swtpm.destroyForcibly().waitFor();
    }
    key.close();
  }

  @Test
  void an_anchored_log_goes_on_after_a_restart_of_broker_and_tpm() throws Exception {
    add("first");
    add("second");
    swtpm.destroyForcibly().waitFor();
    startTpm();

    add("third");

    assertThat(Files.readString(log)).contains("first", "second", "third");
    assertThat(counters()).hasSize(4).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void a_log_cut_off_at_any_earlier_line_is_noticed() throws IOException {
    add("first");
    add("second");
    List<String> lines = Files.readAllLines(log);
    int last = lines.size() - 1;
    assertThat(lines.get(last)).contains("\"anchor\"");

    // Without its last line it looks as after a crash, and goes on from there: see below.
    for (int kept = 0; kept < last - 1; kept++) {
      Files.writeString(log, joined(lines.subList(0, kept)));
      assertThatThrownBy(() -> add("again"))
          .as("%d of %d lines", kept, lines.size())
          .isInstanceOf(BrokerException.LogTampered.class)
          .hasMessageContaining("counter");
    }
    Files.writeString(log, joined(lines));
    add("third");
  }

  @Test
  void a_copy_put_back_and_an_empty_state_are_noticed() throws IOException {
    add("first");
    String copy = Files.readString(log);
    add("second");

    Files.writeString(log, copy);
    assertThatThrownBy(() -> add("x")).hasMessageContaining("an older log was put back");
    Files.delete(log);
    assertThatThrownBy(() -> add("x")).isInstanceOf(BrokerException.LogTampered.class);
    Files.delete(state.resolve("anchor"));
    Files.writeString(log, copy);
    assertThatThrownBy(() -> add("x"))
        .isInstanceOf(BrokerException.StateUnusable.class)
        .hasMessageContaining("--anchor");
  }

  @Test
  void a_crash_between_the_line_and_the_counter_is_made_good() throws Exception {
    add("first");
    TpmCounter counter = TpmCounter.at(address, key);
    long value = counter.read().orElseThrow();
    int lines = Files.readAllLines(log).size();
    // The line is there, the counter never heard of it: as if killed in between.
    swtpm.destroyForcibly().waitFor();
    assertThatThrownBy(() -> add("second")).isInstanceOf(BrokerException.StateUnusable.class);
    startTpm();

    assertThat(TpmCounter.at(address, key).read()).contains(value);
    add("third");
    assertThat(Files.readAllLines(log).size()).isGreaterThan(lines);
    assertThat(counters()).contains(TpmCounter.at(address, key).read().orElseThrow());
  }

  @Test
  void a_process_that_began_unanchored_stops_when_another_anchors_the_log() throws IOException {
    Files.delete(state.resolve("anchor"));
    JobBook running = open();
    running.add(Id128.random(), terms("before"), 0, Optional.of(MirrorId.NONE));
    BrokerLog.anchorAt(state, address);
    add("anchored");

    assertThatThrownBy(
            () -> running.add(Id128.random(), terms("after"), 0, Optional.of(MirrorId.NONE)))
        .isInstanceOf(BrokerException.StateUnusable.class)
        .hasMessageContaining("start again");
    assertThat(Files.readString(log)).doesNotContain("after");
  }

  @Test
  void a_crash_before_the_counters_first_value_is_made_good() throws IOException {
    TpmCounter.at(address, key).define();

    add("first");
    add("second");

    assertThat(counters()).contains(TpmCounter.at(address, key).read().orElseThrow());
  }

  @Test
  void after_a_crash_between_the_counter_and_its_line_another_index_serves() throws IOException {
    TpmCounter.at(address, key).create();
    assertThatThrownBy(() -> add("first"))
        .isInstanceOf(BrokerException.LogTampered.class)
        .hasMessageContaining("name another index");

    BrokerLog.anchorAt(state, address + "@0x01805050");
    add("first");
    add("second");

    assertThat(counters())
        .contains(TpmCounter.at(address + "@0x01805050", key).read().orElseThrow());
  }

  @Test
  void advances_are_anchored_now_and_then() throws IOException {
    JobBook book = open();
    Id128 job = Id128.random();
    book.add(job, terms("many"), 1, Optional.of(MirrorId.NONE));
    int before = counters().size();
    for (int i = 1; i <= 2 * BrokerLog.ADVANCES_PER_ANCHOR + 1; i++) {
      book.advance(job, 1, MirrorId.of(i, new byte[32]));
    }

    assertThat(counters()).hasSize(before + 2);
  }

  @Test
  void another_tpm_and_another_owner_are_refused() throws Exception {
    add("first");
    try (SecretBytes other = SecretBytes.random(32)) {
      assertThatThrownBy(() -> TpmCounter.at(address, other).read())
          .isInstanceOf(BrokerException.StateUnusable.class)
          .hasMessageContaining("TPM_RC");
      assertThatThrownBy(() -> TpmCounter.at(address, other).increment())
          .isInstanceOf(BrokerException.StateUnusable.class);
    }
    swtpm.destroyForcibly().waitFor();
    try (Stream<Path> files = Files.list(folder.resolve("tpm"))) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    startTpm();

    assertThatThrownBy(() -> add("second"))
        .isInstanceOf(BrokerException.LogTampered.class)
        .hasMessageContaining("is gone");
  }

  @Test
  void what_is_no_address_is_refused_by_name() throws IOException {
    add("first");
    for (String bad : List.of("tpm", "tpm:", "tpm:/dev/null@7", "file:/x", "tpm:/dev/x@no")) {
      assertThatThrownBy(() -> TpmCounter.at(bad, key).read())
          .as(bad)
          .isInstanceOf(BrokerException.StateUnusable.class);
    }
    assertThatThrownBy(() -> BrokerLog.anchorAt(state, "tpm:/dev/tpmrm0"))
        .hasMessageContaining("anchored at " + address);
  }

  private void startTpm() throws Exception {
    Path socket = folder.resolve("tpm.sock");
    Files.deleteIfExists(socket);
    swtpm =
        new ProcessBuilder(
                "swtpm",
                "socket",
                "--tpm2",
                "--tpmstate",
                "dir=" + folder.resolve("tpm"),
                "--server",
                "type=unixio,path=" + socket,
                "--flags",
                "not-need-init,startup-clear")
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("swtpm.log").toFile())
            .start();
    for (int i = 0; i < 1000 && !Files.exists(socket); i++) {
      assertThat(swtpm.waitFor(10, TimeUnit.MILLISECONDS))
          .as(Files.readString(folder.resolve("swtpm.log")))
          .isFalse();
    }
  }

  private JobBook open() {
    return new JobBook(state, OWNER, key, Clock.systemUTC());
  }

  private void add(String name) {
    open().add(Id128.random(), terms(name), 0, Optional.of(MirrorId.NONE));
  }

  private static JobTerms terms(String name) {
    return new JobTerms(
        Optional.of(name),
        CfgDigest.ofCanonical("[net]"),
        1,
        List.of(new Id128(1, 1)),
        FreshnessMode.STRICT);
  }

  private List<Long> counters() throws IOException {
    return Files.readAllLines(log, StandardCharsets.UTF_8).stream()
        .map(line -> plinius.seal.jose.Json.parseObject(line))
        .filter(line -> "anchor".equals(line.get("event")))
        .map(line -> Members.number(line, "counter"))
        .toList();
  }

  private static String joined(List<String> lines) {
    return String.join("", lines.stream().map(line -> line + "\n").toList());
  }
}
