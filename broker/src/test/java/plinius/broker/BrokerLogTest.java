package plinius.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.attestation.Measurement;
import plinius.attestation.TeeKind;
import plinius.attestation.kbs.CfgDigest;
import plinius.attestation.kbs.FreshnessMode;
import plinius.attestation.kbs.GrantPurpose;
import plinius.attestation.kbs.MirrorId;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;
import plinius.verification.Appraisal;
import plinius.verification.evidence.Claims;

/** What crashes and people do to the log. */
class BrokerLogTest {
  private static final Id128 OWNER = new Id128(7, 7);
  private static final Id128 JOB = new Id128(1, 2);
  private static final Appraisal.Accepted ACCEPTED =
      new Appraisal.Accepted(
          new Claims(
              TeeKind.SIMULATION,
              "11".repeat(Measurement.BYTES),
              Optional.empty(),
              "platform",
              Map.of()));

  @TempDir Path folder;
  private final SecretBytes key = SecretBytes.random(32);
  private Path file;
  private Path made;

  @BeforeEach
  void write_a_log_of_four_lines() {
    file = folder.resolve(BrokerLog.FILE);
    JobBook book = open();
    book.add(JOB, terms(), 0, Optional.of(MirrorId.NONE));
    book.grant(JOB, GrantPurpose.TRAIN, _ -> ACCEPTED);
    book.grant(JOB, GrantPurpose.TRAIN, _ -> ACCEPTED);
  }

  @AfterEach
  void close_the_key() throws IOException {
    key.close();
    if (made != null && !made.equals(folder)) {
      try (Stream<Path> files = Files.walk(made)) {
        for (Path each : files.sorted(Collections.reverseOrder()).toList()) {
          Files.deleteIfExists(each);
        }
      }
    }
  }

  @Test
  void a_last_line_torn_anywhere_is_cut_off_and_all_before_it_counts() throws IOException {
    byte[] whole = Files.readAllBytes(file);
    int lastLine = lastLineStart(whole);

    for (int bytes = lastLine; bytes < whole.length; bytes++) {
      Files.write(file, Arrays.copyOf(whole, bytes));
      assertThat(epoch(open())).as("torn at " + bytes).isEqualTo(1);
      assertThat(Files.size(file)).isEqualTo(lastLine);
    }
  }

  @Test
  void a_last_line_whose_first_page_never_arrived_is_torn_as_well() throws IOException {
    byte[] whole = Files.readAllBytes(file);
    Arrays.fill(whole, lastLineStart(whole), whole.length - 10, (byte) 0);
    Files.write(file, whole);

    assertThat(epoch(open())).isEqualTo(1);
  }

  // The whole life of a job, the log cut after each byte: what was confirmed before is there, what
  // was not is not, and happens once when it is asked for again.
  @Test
  void a_log_cut_at_any_byte_has_the_state_of_its_last_whole_line() throws IOException {
    Path folder = onMemory();
    Path log = folder.resolve(BrokerLog.FILE);
    JobBook book = new JobBook(folder, OWNER, key, Clock.systemUTC());
    List<Consumer<JobBook>> life =
        List.of(
            each -> did(each.add(JOB, terms(), 0, Optional.of(MirrorId.NONE))),
            each -> did(each.permit(JOB, until("2100-01-01T00:00:00Z"))),
            each -> did(each.replan(JOB, 4)),
            each -> did(each.grant(JOB, GrantPurpose.TRAIN, _ -> ACCEPTED)),
            each -> did(each.advance(JOB, 1, mirror(1))),
            each -> did(each.advance(JOB, 1, mirror(2))),
            each -> did(each.grant(JOB, GrantPurpose.READ_ONLY, _ -> ACCEPTED)),
            each -> did(each.rewind(JOB, 1)),
            each -> did(each.revoke(JOB)),
            each -> did(each.permit(JOB, until("2101-01-01T00:00:00Z"))),
            each -> did(each.grant(JOB, GrantPurpose.TRAIN, _ -> ACCEPTED)),
            each -> did(each.advance(JOB, 4, MirrorId.of(2, new byte[32]))));
    List<Long> sizes = new ArrayList<>(List.of(Files.size(log)));
    List<Optional<Job>> states = new ArrayList<>(List.of(book.job(JOB)));
    for (Consumer<JobBook> step : life) {
      step.accept(book);
      sizes.add(Files.size(log));
      states.add(book.job(JOB));
    }
    byte[] whole = Files.readAllBytes(log);

    int done = 0;
    for (int cut = sizes.getFirst().intValue(); cut <= whole.length; cut++) {
      while (done < life.size() && sizes.get(done + 1) <= cut) {
        done++;
      }
      Files.write(log, Arrays.copyOf(whole, cut));
      JobBook recovered = new JobBook(folder, OWNER, key, Clock.systemUTC());
      assertThat(recovered.job(JOB)).as("cut at " + cut).isEqualTo(states.get(done));
      assertThat(Files.size(log)).isEqualTo(sizes.get(done));
      if (done < life.size() && cut % 37 == 0) {
        life.get(done).accept(recovered);
        assertThat(recovered.job(JOB)).as("again after " + cut).isEqualTo(states.get(done + 1));
      }
    }
    assertThat(done).isEqualTo(life.size());
  }

  private static void did(Object outcome) {
    assertThat(outcome).isNotNull().isNotInstanceOf(Release.Denied.class);
  }

  private static Permission until(String instant) {
    return new Permission(Optional.empty(), Optional.of(Instant.parse(instant)));
  }

  private static MirrorId mirror(int sequence) {
    byte[] digest = new byte[32];
    Arrays.fill(digest, (byte) sequence);
    return MirrorId.of(sequence, digest);
  }

  /** Thousands of logs are opened and forced: on a disk that takes minutes. */
  private Path onMemory() throws IOException {
    Path memory = Path.of("/dev/shm");
    made = Files.isWritable(memory) ? Files.createTempDirectory(memory, "plinius-log-") : folder;
    return made;
  }

  @Test
  void the_log_goes_on_after_a_torn_line() throws IOException {
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length - 3));

    JobBook book = open();
    book.grant(JOB, GrantPurpose.TRAIN, _ -> ACCEPTED);
    book.grant(JOB, GrantPurpose.TRAIN, _ -> ACCEPTED);

    assertThat(epoch(open())).isEqualTo(3);
  }

  @Test
  void any_changed_byte_is_noticed() throws IOException {
    byte[] whole = Files.readAllBytes(file);
    long seed = Long.getLong("test.seed", System.nanoTime());
    Random random = new Random(seed);
    // The last byte is the end of the last line: without it the line is torn.
    for (int i = 0; i < 300; i++) {
      byte[] changed = whole.clone();
      int at = random.nextInt(whole.length - 1);
      changed[at] ^= (byte) (1 << random.nextInt(7));
      boolean tornLast = at >= lastLineStart(whole) && changed[at] == 0;
      if (tornLast) {
        continue;
      }
      Files.write(file, changed);
      assertThatThrownBy(this::open)
          .as("byte " + at + ", -Dtest.seed=" + seed)
          .isInstanceOfAny(BrokerException.LogTampered.class, BrokerException.WrongOwner.class);
    }
  }

  @Test
  void lines_left_out_doubled_or_exchanged_break_the_chain() throws IOException {
    List<String> lines = Files.readAllLines(file);
    List<List<String>> changed = new ArrayList<>();
    for (int i = 0; i < lines.size() - 1; i++) {
      List<String> without = new ArrayList<>(lines);
      without.remove(i);
      changed.add(without);
      List<String> exchanged = new ArrayList<>(lines);
      Collections.swap(exchanged, i, i + 1);
      changed.add(exchanged);
    }
    List<String> doubled = new ArrayList<>(lines);
    doubled.add(lines.getLast());
    changed.add(doubled);

    for (List<String> each : changed) {
      Files.write(file, each);
      assertThatThrownBy(this::open).isInstanceOf(BrokerException.LogTampered.class);
    }
  }

  // Of refusals nothing else depends, so only the chain can tell that one is gone.
  @Test
  void a_refusal_left_out_or_exchanged_breaks_the_chain() throws IOException {
    JobBook book = open();
    book.refused(refused("first"));
    book.refused(refused("second"));
    book.refused(refused("third"));
    List<String> lines = Files.readAllLines(file);
    List<String> without = new ArrayList<>(lines);
    without.remove(lines.size() - 2);
    List<String> exchanged = new ArrayList<>(lines);
    Collections.swap(exchanged, lines.size() - 2, lines.size() - 1);

    for (List<String> each : List.of(without, exchanged)) {
      Files.write(file, each);
      assertThatThrownBy(this::open)
          .isInstanceOf(BrokerException.LogTampered.class)
          .hasMessageContaining("does not follow");
    }
  }

  @Test
  void a_log_made_up_without_the_owners_key_is_refused() throws IOException {
    Path other = folder.resolve("other");
    try (SecretBytes otherKey = SecretBytes.random(32)) {
      new JobBook(other, OWNER, otherKey, Clock.systemUTC())
          .add(JOB, terms(), 0, Optional.of(MirrorId.NONE));
    }
    Files.copy(
        other.resolve(BrokerLog.FILE), file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);

    assertThatThrownBy(this::open)
        .isInstanceOf(BrokerException.LogTampered.class)
        .hasMessageContaining("line 1");
  }

  @Test
  void a_log_cut_while_in_use_is_noticed() throws IOException {
    JobBook book = open();
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, lastLineStart(whole)));

    assertThatThrownBy(() -> book.job(JOB)).isInstanceOf(BrokerException.LogTampered.class);
  }

  @Test
  void a_log_removed_while_in_use_is_noticed() throws IOException {
    JobBook book = open();
    Files.delete(file);

    assertThatThrownBy(() -> book.grant(JOB, GrantPurpose.TRAIN, _ -> ACCEPTED))
        .isInstanceOf(BrokerException.LogTampered.class);
  }

  @Test
  void refusals_cannot_fill_the_disk() throws IOException {
    JobBook book = open();
    for (int i = 0; i < 3; i++) {
      book.refused(refused("x".repeat(100_000)));
    }

    assertThat(Files.size(file)).isLessThan(20_000);
  }

  private static Refused refused(String reason) {
    return new Refused("127.0.0.1", "POST /kbs/v0/attest", Optional.of(JOB), reason);
  }

  private JobBook open() {
    return new JobBook(folder, OWNER, key, Clock.systemUTC());
  }

  private static long epoch(JobBook book) {
    return book.job(JOB).orElseThrow().epoch();
  }

  @Test
  void a_job_is_added_with_its_permission_or_not_at_all() throws IOException {
    Path folder = onMemory();
    Path log = folder.resolve(BrokerLog.FILE);
    JobBook book = new JobBook(folder, OWNER, key, Clock.systemUTC());
    int before = (int) Files.size(log);
    Permission guarded =
        new Permission(
            Optional.of("ab".repeat(32)), Optional.of(Instant.parse("2100-01-01T00:00:00Z")), true);
    book.add(JOB, terms(), 0, Optional.of(MirrorId.NONE), guarded);
    byte[] whole = Files.readAllBytes(log);

    for (int cut = before; cut <= whole.length; cut++) {
      Files.write(log, Arrays.copyOf(whole, cut));
      Optional<Permission> recovered =
          new JobBook(folder, OWNER, key, Clock.systemUTC()).job(JOB).map(Job::permission);
      assertThat(recovered)
          .as("cut at " + cut)
          .isEqualTo(cut == whole.length ? Optional.of(guarded) : Optional.empty());
    }
  }

  private static int lastLineStart(byte[] whole) {
    String text = new String(whole, 0, whole.length - 1, StandardCharsets.ISO_8859_1);
    return text.lastIndexOf('\n') + 1;
  }

  private static JobTerms terms() {
    return new JobTerms(
        Optional.empty(),
        CfgDigest.ofCanonical("[net]"),
        1,
        List.of(new Id128(3, 4)),
        FreshnessMode.STRICT);
  }
}
