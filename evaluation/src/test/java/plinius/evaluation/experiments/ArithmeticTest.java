package plinius.evaluation.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.enclave.mirror.MirrorTerms;
import plinius.enclave.mirror.MirroredTensor;
import plinius.enclave.mirror.ModelMirror;
import plinius.enclave.mirror.Progress;
import plinius.evaluation.Claim;
import plinius.evaluation.Experiment;
import plinius.evaluation.Findings;
import plinius.evaluation.Table;
import plinius.evaluation.spot.Trace;
import plinius.evaluation.spot.Traces;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.WriteBack;
import plinius.romulus.Protocol;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;

/** From raw data whose answers are known to claims. */
class ArithmeticTest {
  private static double measured(Findings findings, String beginning) {
    return claim(findings, beginning).measured().orElseThrow();
  }

  private static Claim claim(Findings findings, String beginning) {
    List<Claim> found =
        findings.claims().stream().filter(one -> one.name().startsWith(beginning)).toList();
    assertThat(found).as("claims that begin with " + beginning).hasSize(1);
    return found.getFirst();
  }

  // ---------------------------------------------------------------- mirror

  /** Milliseconds for each store at two sizes that are judged and one that is not. */
  private static Findings mirror(Object cold) {
    Table.Rows raw = MirrorAgainstCheckpoints.rawTable();
    for (double size : new double[] {10, 50, 100}) {
      for (int round = 0; round < 3; round++) {
        // A round that is disturbed on purpose: medians must not see it.
        double noise = round == 2 ? 1000 : 0;
        // At 100 MB the mirror is slower in proportion; at 10 MB absurdly slow, and not judged.
        double own = size == 10 ? 500 : size == 50 ? 10 : 25;
        raw.add(1, size, MirrorAgainstCheckpoints.MIRROR, round, own + noise, 5 + noise, "");
        raw.add(1, size, MirrorAgainstCheckpoints.LINES, round, 12.5 + noise, 5, "");
        raw.add(1, size, MirrorAgainstCheckpoints.TWINS, round, 40 + noise, 5, "");
        raw.add(1, size, MirrorAgainstCheckpoints.COPY, round, 5 + noise, 5, "");
        raw.add(1, size, MirrorAgainstCheckpoints.CIPHER, round, 4 + noise, 4, "");
        raw.add(1, size, MirrorAgainstCheckpoints.FILE, round, 75 + noise, 6, cold);
        raw.add(1, size, MirrorAgainstCheckpoints.EACH, round, 250 + noise, 6, cold);
      }
    }
    // On two threads without the paper's ways.
    for (int round = 0; round < 3; round++) {
      raw.add(2, 50.0, MirrorAgainstCheckpoints.MIRROR, round, 10, 2.5, "");
      raw.add(2, 50.0, MirrorAgainstCheckpoints.LINES, round, 20, 2.5, "");
      raw.add(2, 50.0, MirrorAgainstCheckpoints.COPY, round, 8, 2, "");
      raw.add(2, 50.0, MirrorAgainstCheckpoints.CIPHER, round, 5, 2, "");
      raw.add(2, 50.0, MirrorAgainstCheckpoints.FILE, round, 60, 3, cold);
    }
    Findings.Builder findings = new Findings.Builder();
    MirrorAgainstCheckpoints.judge(raw.done(), findings);
    return findings.build();
  }

  @Test
  void means_as_the_paper_has_them_stand_beside_the_medians() {
    Table means = mirror(20.0).table("means");

    // 10, 10 and a disturbed 1010 ms.
    assertThat(means.rows())
        .contains(List.of("1", "50", MirrorAgainstCheckpoints.MIRROR, "343.333", "338.333"));
  }

  @Test
  void the_mirrors_claims_are_ratios_of_medians_of_the_worst_judged_size() {
    Findings findings = mirror(20.0);
    Claim save =
        claim(
            findings,
            "Save against a file with one fsync, non-temporal stores, worst size of 50 to 180 MB,"
                + " 1 thread");

    assertThat(save.measured()).hasValue(3);
    assertThat(save.met()).contains(false);
    assertThat(measured(findings, "The same with ordinary stores and write-back, 1")).isEqualTo(6);
    assertThat(measured(findings, "Save against a file with an fsync for each")).isEqualTo(10);
    assertThat(measured(findings, "Restore against a file, cache cold, worst size, 1"))
        .isEqualTo(4);
    assertThat(measured(findings, "Restore against a file, cache warm, worst size, 1"))
        .isEqualTo(1.2);
    assertThat(measured(findings, "Save against the paper's way")).isEqualTo(1.6);
    assertThat(
            measured(
                findings, "Save against copying as many bytes into the same medium, worst size, 1"))
        .isEqualTo(5);
    // A mirror that took 4 ms for the cipher and 5 for the copy, and nothing else.
    assertThat(measured(findings, "Cipher and copy alone: save against a file, 1"))
        .isCloseTo(75.0 / 9, within(1e-9));
    assertThat(measured(findings, "Cipher and copy alone: restore, cache cold, 1"))
        .isCloseTo(20.0 / 9, within(1e-9));
    assertThat(measured(findings, "Cipher and copy alone: save against copying, 1"))
        .isCloseTo(9.0 / 5, within(1e-9));
    // Without 4 ms for the cipher: at 50 MB 6 ms of 10, at 100 MB 21 of 25; 75 and 250 in files.
    assertThat(measured(findings, "Write alone, without the cipher: against a file with an fsync"))
        .isCloseTo(246.0 / 21, within(1e-9));
    assertThat(
            measured(
                findings,
                "Write alone, without the cipher: against a file with one fsync, worst size, 1"))
        .isCloseTo(71.0 / 21, within(1e-9));
    assertThat(
            measured(
                findings,
                "Read alone, without the cipher: against a file, cache cold, worst size, 1"))
        .isEqualTo(16);
    assertThat(measured(findings, "Share of encryption in a save, greatest, 1")).isEqualTo(40);
    assertThat(measured(findings, "Share of decryption in a restore, greatest, 1")).isEqualTo(80);
  }

  @Test
  void each_number_of_threads_is_judged_for_itself_with_as_many_on_both_sides() {
    Findings findings = mirror(20.0);

    assertThat(
            measured(
                findings,
                "Save against a file with one fsync, non-temporal stores, worst size of 50 to 180"
                    + " MB, 2 threads"))
        .isEqualTo(6);
    assertThat(measured(findings, "The same with ordinary stores and write-back, 2")).isEqualTo(3);
    assertThat(measured(findings, "Restore against a file, cache cold, worst size, 2"))
        .isEqualTo(8);
    assertThat(findings.table("save-ratios").rows()).hasSize(3 * 3 + 1);
    assertThat(findings.table("breakdown-2").rows())
        .contains(List.of("restore, mirror", "cipher", "2"))
        .contains(List.of("restore, mirror", "all else", "0.5"))
        .contains(List.of("restore, cold file", "all else", "18"));
  }

  @Test
  void parts_without_the_cipher_are_told_only_where_something_is_left_of_them() {
    Table.Rows raw = MirrorAgainstCheckpoints.rawTable();
    raw.add(1, 50.0, MirrorAgainstCheckpoints.MIRROR, 0, 10, 5, "");
    raw.add(1, 50.0, MirrorAgainstCheckpoints.LINES, 0, 10, 5, "");
    raw.add(1, 50.0, MirrorAgainstCheckpoints.COPY, 0, 5, 5, "");
    raw.add(1, 50.0, MirrorAgainstCheckpoints.CIPHER, 0, 4, 5.1, "");
    raw.add(1, 50.0, MirrorAgainstCheckpoints.FILE, 0, 75, 6, 20.0);
    Findings.Builder findings = new Findings.Builder();

    MirrorAgainstCheckpoints.judge(raw.done(), findings);

    assertThat(findings.build().claims())
        .noneMatch(one -> one.name().matches("(Write|Read) alone.*"));
    assertThat(findings.build().notes()).anyMatch(note -> note.contains("cannot be told"));
  }

  @Test
  void without_a_cold_cache_there_is_a_note_and_no_claim() {
    Findings findings = mirror("");

    assertThat(findings.claims())
        .noneMatch(one -> one.name().startsWith("Restore against a file, cache cold"));
    assertThat(findings.notes()).anyMatch(note -> note.contains("could not be emptied"));
  }

  // ---------------------------------------------------------------- others

  @Test
  void paging_costs_nothing_below_the_limit_and_every_page_above_it() {
    double limit = EnclaveMemory.USABLE_BYTES;

    assertThat(EnclaveMemory.pagingSeconds(limit, limit)).isZero();
    // 25,000 pages of 4 KiB at 40,000 cycles of 3.8 GHz.
    assertThat(EnclaveMemory.pagingSeconds(limit + 1, 25_000 * 4096.0))
        .isCloseTo(0.263158, within(1e-6));
  }

  /** Two models that fit and one that does not, by working sets of 10, 90 and 100.352 MB. */
  @Test
  void under_the_limit_mirror_and_checkpoint_page_alike_and_are_compared_on_either_side() {
    Table.Rows raw = EnclaveMemory.operations();
    for (double size : new double[] {10, 90, 100}) {
      // 100.352 MB are 24,500 pages, which take 257.895 ms.
      double set = size == 100 ? 100.352 : size;
      raw.add(size, EnclaveMemory.MIRROR, "save", set, size);
      raw.add(size, EnclaveMemory.MIRROR, "restore", set, size);
      raw.add(size, EnclaveMemory.CHECKPOINT, "save", set, size == 90 ? 4 * size : 5 * size);
      raw.add(size, EnclaveMemory.CHECKPOINT, "restore", set, 2 * size);
    }
    Findings.Builder findings = new Findings.Builder();

    EnclaveMemory.judge(raw.done(), findings);

    Findings built = findings.build();
    assertThat(measured(built, "A model: save below")).isEqualTo(4);
    assertThat(measured(built, "A model: restore below")).isEqualTo(2);
    assertThat(measured(built, "A model: save past"))
        .isCloseTo((500 + 257.895) / (100 + 257.895), within(1e-4));
    assertThat(measured(built, "A model: restore past"))
        .isCloseTo((200 + 257.895) / (100 + 257.895), within(1e-4));
    assertThat(measured(built, "Working set of a save")).isCloseTo(1.00352, within(1e-9));
    assertThat(built.table("save").rows())
        .contains(List.of("90", "mirror, 93.5 MB of enclave memory", "90"))
        .contains(List.of("100", "mirror, measured, memory without limit", "100"))
        .contains(List.of("100", "mirror, 93.5 MB of enclave memory", "357.895"));
    assertThat(built.figures())
        .filteredOn(figure -> figure.table().equals("ratios"))
        .singleElement()
        .satisfies(figure -> assertThat(figure.modelled()).containsExactly("save", "restore"));
  }

  @Test
  void batches_are_compared_pair_by_pair_and_judged_from_thirty_two_up() {
    Table.Rows raw = Table.of("iterations", "batch", "iteration", "sealedMillis", "plainMillis");
    for (int pair = 0; pair < 31; pair++) {
      raw.add(1, pair, 9.0, 3.0);
      raw.add(32, pair, pair % 3 == 0 ? 99.0 : 10.1, 10.0);
      raw.add(64, pair, 20.6, 20.0);
      double millis = pair < 15 ? 10 : 20; // a machine that slows down
      raw.add(256, pair, pair == 15 ? 19 : millis, pair == 15 ? 11 : millis);
      if (pair > 0) {
        raw.add(128, pair, 80.0, 40.0); // a pair too few to be judged
      }
    }
    Findings.Builder findings = new Findings.Builder();

    BatchDecryption.judge(raw.done(), findings);

    assertThat(measured(findings.build(), "Iteration on sealed")).isCloseTo(1.03, within(1e-9));
    assertThat(findings.build().table("ratios").rows())
        .containsExactly(
            List.of("1", "3"),
            List.of("32", "1.01"),
            List.of("64", "1.03"),
            List.of("256", "1"),
            List.of("128", "2"));
  }

  @Test
  void a_full_run_has_enough_pairs_of_every_batch_that_is_judged() {
    for (int batch : new int[] {32, 64, 128, 256, 512, 1024}) {
      assertThat(BatchDecryption.pairs(batch, false))
          .as("batch %d", batch)
          .isBetween(BatchDecryption.JUDGED_PAIRS, 60);
    }
    // A quick one judges something, and takes a few of the largest.
    assertThat(BatchDecryption.pairs(128, true)).isEqualTo(BatchDecryption.JUDGED_PAIRS);
    assertThat(BatchDecryption.pairs(1024, true)).isEqualTo(9);
  }

  @Test
  void the_overhead_is_the_mirrors_part_of_the_work() {
    Table raw =
        Table.of(
                "overhead-rounds",
                "megabytes",
                "round",
                "aloneMillis",
                "mirroredMillis",
                "mirrorMillis",
                "limitMillis")
            .add(50.0, 0, 300.0, 315.0, 12.0, 7.0)
            .add(50.0, 1, 300.0, 306.0, 6.0, 5.0)
            .add(50.0, 2, 300.0, 309.0, 9.0, 6.0)
            .done();
    Findings.Builder findings = new Findings.Builder();

    Further.judgeOverhead(raw, findings);

    Findings built = findings.build();
    assertThat(measured(built, "Mirror of 50 MB")).isEqualTo(3);
    assertThat(measured(built, "Cipher and copy alone of these 50 MB")).isEqualTo(2);
    assertThat(measured(built, "The same at every 10th")).isCloseTo(0.3, within(1e-9));
    assertThat(built.table("overhead").rows())
        .contains(List.of("50", "whole iteration, with against without", "3"));
  }

  /** Ten iterations in each of three rounds, of which the four before the last count. */
  private static Findings product(double wait) {
    Table.Rows raw = ProductRate.rawTable();
    for (int round = 0; round < 3; round++) {
      for (int iteration = 1; iteration <= 10; iteration++) {
        boolean counts = iteration >= 6 && iteration <= 9;
        // A round that is disturbed on purpose, and a stall that each round has.
        double here = round == 1 ? 50 : counts && iteration == 8 ? 2 * wait : wait;
        double other = counts ? 1 : 900;
        raw.add(ProductRate.BARE, round, iteration, 100.5 * other, 0.4, 0.1, 0);
        raw.add(ProductRate.MEMORY, round, iteration, 100.0 * other, 0.5, here, 4.5);
        raw.add(ProductRate.FILE, round, iteration, 125.0 * other, 1.0, 4.0, 30);
      }
    }
    Findings.Builder findings = new Findings.Builder();
    ProductRate.judge(raw.done(), 4, findings);
    return findings.build();
  }

  @Test
  void the_whole_product_is_judged_by_what_training_waited_stalls_included() {
    String name = "Whole product of the bare training rate, 12 convolutions, mirrored to ";
    // Of 400 ms in a round 2 for unsealing and, with the stall, 5 for mirrors.
    Claim memory = claim(product(1), name + "persistent memory");
    assertThat(memory.measured().orElseThrow()).isCloseTo(1 - 7.0 / 400, within(1e-9));
    assertThat(memory.met()).contains(true);

    // 2 and 7.5.
    assertThat(claim(product(1.5), name + "persistent memory").met()).contains(false);
    assertThat(measured(product(1), name + "a file")).isCloseTo(0.96, within(1e-9));
    assertThat(product(1).table("product").rows())
        .containsExactly(
            List.of(ProductRate.MEMORY, "waiting for the batch", "0.5"),
            List.of(ProductRate.MEMORY, "waiting for mirrors", "1.25"),
            List.of(ProductRate.FILE, "waiting for the batch", "0.8"),
            List.of(ProductRate.FILE, "waiting for mirrors", "3.2"));
  }

  @Test
  void beside_it_stand_the_ratio_of_rates_and_the_bound_without_overlap() {
    Findings findings = product(1);

    // Bare: 100.5 ms without what the unmirrored training unsealed and waited.
    assertThat(measured(findings, "The same, mirrored to persistent memory, as a ratio"))
        .isCloseTo(1.0, within(1e-9));
    assertThat(measured(findings, "The same, mirrored to a file on the disk, as a ratio"))
        .isCloseTo(0.8, within(1e-9));
    // 120 ms of training, 1 to unseal, 30 until the mirror is durable.
    assertThat(measured(findings, "The same, mirrored to a file on the disk, as if"))
        .isCloseTo(120.0 / 151, within(1e-9));
  }

  private static Claim exactness(Object... codesAndStates) {
    Table.Rows runs = Further.exactnessRuns();
    for (int i = 0; i < codesAndStates.length; i += 2) {
      runs.add("training " + i, codesAndStates[i], 200, codesAndStates[i + 1]);
    }
    Findings.Builder findings = new Findings.Builder();
    Further.judgeExactness(runs.done(), 2, findings);
    return claim(findings.build(), "Same state bit for bit: 1, 2 and 5 threads");
  }

  @Test
  void exactness_holds_if_all_that_was_not_killed_ended_in_one_state() {
    assertThat(exactness(0, "a", 0, "a", 75, "", 75, "", 75, "", 75, "", 0, "a").met())
        .contains(true);
    assertThat(exactness(0, "a", 0, "b", 75, "", 75, "", 75, "", 75, "", 0, "a").met())
        .as("one of two states")
        .contains(false);
    assertThat(exactness(0, "a", 0, "a", 75, "", 75, "", 75, "", 75, "", 0, "b").met())
        .as("another state after the kills")
        .contains(false);
    assertThat(exactness(0, "", 0, "", 75, "", 75, "", 75, "", 75, "", 0, "").met())
        .as("no state at all")
        .contains(false);
    assertThat(exactness(0, "a", 0, "a", 0, "a", 75, "", 75, "", 75, "", 0, "a").met())
        .as("a kill that did not happen")
        .contains(false);
  }

  @Test
  void threads_are_compared_with_one_by_medians_of_the_same_size() {
    Table.Rows raw = Further.scalingRounds();
    for (int round = 0; round < 3; round++) {
      double noise = round == 1 ? 500 : 0;
      raw.add(50.0, 1, round, 20 + noise, 30, 10);
      raw.add(50.0, 2, round, 10 + noise, 20, 8);
      raw.add(200.0, 1, round, 80, 90, 40);
      raw.add(200.0, 2, round, 50, 60, 40);
    }
    Findings.Builder findings = new Findings.Builder();

    Further.judgeScaling(raw.done(), findings);

    Findings built = findings.build();
    assertThat(measured(built, "Mirror of 50 MB, save on 2 threads")).isEqualTo(2);
    assertThat(measured(built, "Mirror of 50 MB, restore on 2 threads")).isEqualTo(1.5);
    assertThat(built.table("scaling").rows())
        .contains(List.of("1", "200 MB, save", "1"))
        .contains(List.of("2", "200 MB, save", "1.6"))
        .contains(List.of("2", "50 MB, copy", "1.25"));
    assertThat(Further.threads(1)).containsExactly(1);
    assertThat(Further.threads(2)).containsExactly(1, 2);
    assertThat(Further.threads(6)).containsExactly(1, 2, 4, 6);
  }

  @Test
  void freshness_is_told_in_percent_of_offline_and_a_window_is_judged() {
    Findings.Builder findings = new Findings.Builder();

    FreshnessModes.judge(
        Table.of("modes", "mode", "iterationsPerSecond", "percentOfOffline", "least", "most")
            .add("offline", 10.0, 100.0, 100.0, 100.0)
            .add("window:32", 9.8, 98.0, 97.0, 99.0)
            .add("strict", 9.0, 90.0, 89.0, 91.0)
            .done(),
        Table.of("broker", "operation", "perSecond")
            .add("opens", 30.0)
            .add("advances", 400.0)
            .done(),
        findings);

    Findings built = findings.build();
    assertThat(measured(built, "Training rate with freshness window:32")).isEqualTo(98);
    assertThat(claim(built, "Training rate with freshness window:32").met()).contains(false);
    assertThat(claim(built, "Training rate with freshness strict").met()).isEmpty();
    assertThat(built.claims()).noneMatch(one -> one.name().contains("offline"));
    assertThat(measured(built, "Mirrors that a broker")).isEqualTo(400);
  }

  @Test
  void media_are_compared_at_the_same_access() {
    Table.Rows raw =
        Table.of("accesses", "medium", "access", "megabytesPerSecond", "microsPerBlock");
    for (String access : List.of("sequential read", "random read", "random write")) {
      raw.add("disk", access, access.equals("random write") ? 2.0 : 10.0, 1.0);
      raw.add("pm", access, access.equals("random write") ? 1000.0 : 5000.0, 1.0);
    }
    Findings.Builder findings = new Findings.Builder();

    MediumCharacter.judge(raw.done(), "pm", "disk", findings);

    assertThat(measured(findings.build(), "Durable random writes")).isEqualTo(500);
    assertThat(measured(findings.build(), "Random reads")).isEqualTo(500);
  }

  @Test
  void kills_are_told_in_iterations_computed_again_and_time() {
    Findings.Builder findings =
        new Findings.Builder()
            .table(Table.of("curves", "training", "executed", "iteration", "loss").done());

    CrashResilience.judge(
        500,
        9,
        Map.of(
            CrashResilience.UNDISTURBED, new CrashResilience.Outcome(500, 20, "aa", 0),
            CrashResilience.MIRRORED, new CrashResilience.Outcome(504, 50, "aa", 2.5),
            CrashResilience.BARE, new CrashResilience.Outcome(1500, 80, "bb", 0)),
        findings);

    Findings built = findings.build();
    assertThat(claim(built, "The final state after 9 kills").met()).contains(true);
    assertThat(measured(built, "Iterations computed more than needed")).isEqualTo(4);
    assertThat(measured(built, "Iterations computed in all, without")).isEqualTo(1500);
    assertThat(measured(built, "Time with 9 kills and mirroring")).isEqualTo(2.5);
    assertThat(measured(built, "Restart")).isEqualTo(2.5);
  }

  @Test
  void swaps_are_judged_against_the_peer_at_one_thread_with_clwb() {
    Table.Rows raw =
        Table.of(
            "swaps",
            "implementation",
            "writeback",
            "threads",
            "swapsPerTransaction",
            "swapsPerSecond");
    for (int swaps : new int[] {1, 64}) {
      raw.add("ping-pong", "clwb", 1, swaps, 2.0e6 * swaps);
      raw.add("ping-pong, inside", "clwb", 1, swaps, 1.6e6 * swaps);
      raw.add("ping-pong", "clwb", 2, swaps, 9.9e9);
      raw.add("ping-pong", "clflush", 1, swaps, 1.0);
      raw.add("libpmemobj", "clwb", 1, swaps, swaps == 1 ? 5.0e5 : 3.2e7);
    }
    Findings.Builder findings = new Findings.Builder();

    SwapsPerSecond.judge(raw.done(), findings);

    assertThat(measured(findings.build(), "ping-pong outside against inside")).isEqualTo(1.25);
    assertThat(findings.build().table("clwb-1").rows())
        .contains(List.of("64", "128000000", "ping-pong"))
        .contains(List.of("64", "102400000", "ping-pong, inside"));
    assertThat(measured(findings.build(), "ping-pong against libpmemobj, 1 swap")).isEqualTo(4);
    assertThat(claim(findings.build(), "ping-pong against libpmemobj, 64").met()).contains(false);
  }

  @Test
  void kills_are_different_in_order_and_before_the_end() {
    List<Integer> kills = CrashResilience.kills(9, 500, new Random(2021));

    assertThat(kills).hasSize(9).doesNotHaveDuplicates().isSorted();
    assertThat(kills).allMatch(kill -> kill >= 1 && kill < 500);
  }

  @Test
  void the_traces_time_is_compressed_to_the_papers_length_and_leaves_room_to_start() {
    // 45 s of training and three starts of 1 s: 800 minutes in 48 s.
    assertThat(SpotTraining.compression(45, 1)).isEqualTo(960);
    // A start of 4 s: 40 minutes are to last 10 s.
    assertThat(SpotTraining.compression(1, 4)).isEqualTo(240);
  }

  @Test
  void the_trace_in_the_papers_place_loses_two_instances_in_its_first_hours_too() {
    Trace trace =
        Traces.read(SpotTraining.SYNTHETIC, Traces.Reading.DEFAULT)
            .under(OptionalDouble.empty(), 1);

    assertThat(trace.uptimes(0).stream().limit(3).map(up -> Math.round((up[1] - up[0]) / 60)))
        .containsExactly(49L, 58L, 544L);
  }

  @Test
  void lines_of_code_are_neither_blank_nor_comments(@TempDir Path folder) throws IOException {
    Files.writeString(
        folder.resolve("A.java"), "/** Doc.\n * more\n */\n\nclass A {\n  // why\n  int a;\n}\n");
    Files.writeString(folder.resolve("notes.txt"), "not code\n");

    assertThat(TrustedSize.linesOfCode(folder)).isEqualTo(3);
  }

  @Test
  void modules_within_modules_count_too(@TempDir Path root) throws IOException {
    for (String module : List.of("seal", "benchmarks", "benchmarks/peers", ".hidden/seal")) {
      Files.createDirectories(root.resolve(module).resolve("src/main/java"));
    }
    Files.createDirectories(root.resolve("docs"));
    Files.createDirectories(root.resolve("tests/src/test/java"));

    assertThat(TrustedSize.modules(root)).containsExactly("benchmarks", "benchmarks/peers", "seal");
  }

  @Test
  void the_processors_share_is_counted_between_warm_iterations_and_the_peak_over_all() {
    List<Overheads.Sample> samples =
        List.of(
            new Overheads.Sample(1, Duration.ofSeconds(5), 1_000_000_000L, 900),
            new Overheads.Sample(10, Duration.ofSeconds(20), 10_000_000_000L, 700),
            new Overheads.Sample(11, Duration.ofSeconds(29), 11_000_000_000L, 700),
            new Overheads.Sample(40, Duration.ofSeconds(50), 30_000_000_000L, 800));

    // 30 s of processor in 20 s.
    assertThat(Overheads.usage(samples, 1.25)).isEqualTo(new Overheads.Usage(150, 900, 1.25));
    List<Overheads.Sample> few = samples.subList(0, 2);
    assertThatThrownBy(() -> Overheads.usage(few, 1)).isInstanceOf(Experiment.Unavailable.class);
    assertThat(Overheads.peakMegabytes(List.of("VmPeak:\t 9 kB", "VmHWM:\t  1000 kB")))
        .isEqualTo(1.024);
    assertThat(Overheads.peakMegabytes(List.of())).isZero();
  }

  @Test
  void a_sealed_record_has_the_metadata_that_is_told(@TempDir Path folder) throws IOException {
    int fourPages = (4 * EnclaveMemory.PAGE_BYTES - Overheads.RECORD_BYTES) / Float.BYTES;

    // It fills four pages to the byte: one number more needs a fifth.
    assertThat(mirrorBytes(folder.resolve("more"), fourPages + 1))
        .isEqualTo(mirrorBytes(folder.resolve("full"), fourPages) + EnclaveMemory.PAGE_BYTES);
  }

  /** Bytes of extents that a mirror of one tensor of so many numbers takes. */
  private static long mirrorBytes(Path file, int floats) throws IOException {
    List<MirroredTensor> tensors =
        List.of(new MirroredTensor("t", new int[] {floats}, new float[floats], 0, floats));
    Files.write(file, new byte[(int) ModelMirror.poolBytes(tensors)]);
    try (SecretBytes key = SecretBytes.random(32);
        ModelMirror mirror =
            ModelMirror.create(
                MappedMemory.open(file, Access.READ_WRITE, WriteBack.AUTO),
                Protocol.PING_PONG,
                new MirrorTerms(
                    new Id128(1, 2), new Id128(3, 4), key, 1, "", 1, "p", 8, false, key),
                tensors)) {
      mirror.mirrorOut(new Progress(1, 1, 1.0));
      return mirror.pool().info().extentUsedBytes();
    }
  }

  // ---------------------------------------------------------------- inference, training rates

  @Test
  void a_rate_is_that_of_the_images_by_which_two_questions_differ() {
    assertThat(SecureInference.rate(10_000, 7, 100, 2)).isEqualTo(1980);
  }

  @Test
  void training_rates_are_compared_with_the_better_layout_of_a_peer_in_the_same_run() {
    Findings.Builder findings = new Findings.Builder();
    Further.judgeRates(
        Table.of("rates", "implementation", "threads", "imagesPerSecond")
            .add("plinius", 1, 600)
            .add("plinius", 2, 900)
            .add("libtorch", 1, 300)
            .add("libtorch", 1, 400)
            .add("libtorch", 2, 750)
            .done(),
        findings);
    Findings found = findings.build();

    assertThat(measured(found, "Training rate against libtorch, threads: 1")).isEqualTo(1.5);
    assertThat(claim(found, "Training rate against libtorch, threads: 1").met()).contains(true);
    assertThat(measured(found, "Training rate against libtorch, threads: 2")).isEqualTo(1.2);
    assertThat(claim(found, "Training rate against libtorch, threads: 2").met()).contains(false);
    assertThat(measured(found, "Training on two threads")).isEqualTo(1.5);
    assertThat(found.notes()).anyMatch(note -> note.contains("darknet"));
  }
}
