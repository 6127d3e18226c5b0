package plinius.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.broker.BrokerRecord;
import plinius.broker.Job;
import plinius.darknet.Network;
import plinius.darknet.cfg.Cfg;
import plinius.dataset.SampleKind;
import plinius.exchange.weights.ModelPool;
import plinius.exchange.weights.WeightsHeader;
import plinius.exchange.weights.WeightsWriter;
import plinius.kernel.Kernels;
import plinius.owner.OwnerKey;
import plinius.owner.Sample;
import plinius.owner.SampleSource;
import plinius.owner.SealedDataSetWriter;

/** Jobs that people add, and their mistakes. */
final class JobCommandsTest {
  private static final String CFG =
      """
      [net]
      batch=4
      height=2
      width=2
      channels=1
      learning_rate=0.1
      max_batches=10
      [connected]
      output=3
      activation=linear
      [softmax]
      """;

  @TempDir private Path folder;
  private Path key;
  private Path cfg;
  private Path data;
  private Path pm;
  private Path weights;

  @BeforeEach
  void make_key_data_and_weights() throws Exception {
    key = folder.resolve("owner.key");
    assertThat(Said.run("key", "new", key).code()).isZero();
    cfg = Files.writeString(folder.resolve("net.cfg"), CFG);
    data = folder.resolve("data.sealed");
    pm = folder.resolve("pm");
    try (OwnerKey owner = Owner.loadKey(key, Optional.empty())) {
      SealedDataSetWriter.write(data, owner, new Squares(), _ -> {});
    }
    weights = weights("one.weights", 7, 0);
  }

  @Test
  void a_mistake_in_the_permission_leaves_no_job() throws Exception {
    Path policy = Files.writeString(folder.resolve("policy"), "[tdx]\nmrdt = 00\n");
    Path good =
        Files.writeString(
            folder.resolve("good"), "[simulation]\nmeasurement = " + "ab".repeat(48) + "\n");

    assertThat(addJob("--policy", policy).code()).isEqualTo(ExitCode.BAD_INPUT.code());
    assertThat(addJob("--until", "tomorrow").code()).isEqualTo(ExitCode.USAGE.code());
    assertThat(jobs()).isEmpty();

    assertThat(addJob("--policy", good, "--until", "2100-01-01T00:00:00Z").code()).isZero();
    assertThat(jobs()).hasSize(1);
    assertThat(jobs().getFirst().permission().policy()).isPresent();
    assertThat(jobs().getFirst().permission().until()).isPresent();
    try (OwnerKey owner = Owner.loadKey(key, Optional.empty());
        BrokerRecord record = BrokerRecord.open(owner, Owner.brokerState(key), Clock.systemUTC())) {
      assertThat(record.log()).hasSize(2);
    }
  }

  @Test
  void a_name_that_no_job_may_have_is_a_mistake_of_usage() {
    for (Said said :
        List.of(
            addJob("--job", "a b"),
            begin(weights, "--job", "a/b"),
            Said.run("train", cfg, "--data", data, "--key", key, "--pm", pm, "--job", "a b"))) {
      assertThat(said.code()).isEqualTo(ExitCode.USAGE.code());
      assertThat(said.err()).contains("1 to 64 letters, digits");
    }
    assertThat(jobs()).isEmpty();
  }

  @Test
  void more_images_than_a_network_counts_are_refused_to_go_on_from() throws Exception {
    Said said = begin(weights("many.weights", 7, Long.MAX_VALUE), "--keep-seen");

    assertThat(said.code()).isEqualTo(ExitCode.BAD_INPUT.code());
    assertThat(said.err()).contains(Long.toString(Long.MAX_VALUE), "--keep-seen");
  }

  @Test
  void an_import_killed_before_its_pool_has_its_name_is_finished_by_the_same_command()
      throws Exception {
    assertThat(begin(weights, "--job", "mine").code()).isZero();
    Path pool = pm.resolve("model.pm");
    Path making = pm.resolve("model.pm.import");
    byte[] first = Files.readAllBytes(pool);
    Files.move(pool, making);

    Said other = begin(weights("two.weights", 8, 0), "--job", "mine");
    assertThat(other.code()).isEqualTo(ExitCode.BAD_INPUT.code());
    assertThat(other.err()).contains("other weights");
    assertThat(begin(weights, "--job", "yours").code()).isEqualTo(ExitCode.BAD_INPUT.code());
    assertThat(making).hasBinaryContent(first);

    Said again = begin(weights, "--job", "mine");
    assertThat(again.code()).as(again.err()).isZero();
    assertThat(again.out()).contains(jobs().getFirst().id().toString());
    assertThat(pool).hasBinaryContent(first);
    assertThat(making).doesNotExist();
    assertThat(jobs()).hasSize(1);
  }

  @Test
  void an_import_killed_before_the_record_begins_anew() throws Exception {
    Files.createDirectory(pm);
    Files.write(pm.resolve("model.pm.import"), new byte[4096]);

    assertThat(begin(weights, "--job", "mine").code()).isZero();
    assertThat(pm.resolve("model.pm.import")).doesNotExist();
    assertThat(jobs()).hasSize(1);
  }

  @Test
  void an_operator_who_names_another_job_than_the_pools_is_refused() {
    assertThat(begin(weights).code()).isZero();
    String there = jobs().getFirst().id().toString();

    Said other = elsewhere("--job", "0".repeat(32));
    assertThat(other.code()).as(other.err()).isEqualTo(ExitCode.BAD_INPUT.code());
    assertThat(other.err()).contains(there, "0".repeat(32), "--job");
    assertThat(elsewhere("--job", "mine").code()).isEqualTo(ExitCode.USAGE.code());
  }

  @Test
  void what_only_the_owner_chooses_is_refused_where_a_broker_is_asked() {
    for (List<String> choice :
        List.of(List.of("--seed", "2"), List.of("--freshness", "offline"), List.of("--replan"))) {
      Said said = elsewhere(choice.toArray());
      assertThat(said.code()).as(said.err()).isEqualTo(ExitCode.USAGE.code());
      assertThat(said.err()).contains("the owner's choice");
    }
  }

  @Test
  void a_sealed_file_says_what_it_is_and_is_authenticated_with_its_key() {
    Said plain = Said.run("data", "info", data);
    assertThat(plain.code()).as(plain.err()).isZero();
    assertThat(plain.out()).contains("not authenticated");

    Said proven = Said.run("data", "info", data, "--key", key);
    assertThat(proven.code()).as(proven.err()).isZero();
    assertThat(proven.out()).contains("authentic: the description and all records");

    Said keyless = Said.run("data", "info", data, "--passphrase-file", key);
    assertThat(keyless.code()).isEqualTo(ExitCode.USAGE.code());
    assertThat(keyless.err()).contains("--key");
  }

  @Test
  void the_owner_lets_other_kernels_go_on_and_takes_the_word_back() {
    assertThat(addJob("--job", "mine").code()).isZero();

    Said said = replan("--job", "mine");
    assertThat(said.code()).as(said.err()).isZero();
    assertThat(said.out()).contains("kernels " + Kernels.VERSION, "exactness ends");
    assertThat(jobs().getFirst().replan()).isEqualTo(Kernels.VERSION);
    assertThat(Said.run("status", "mine", "--key", key).out())
        .contains("replan     kernels " + Kernels.VERSION);
    assertThat(Said.run("broker", "--key", key, "log").out())
        .contains("replan", "kernels=" + Kernels.VERSION);

    assertThat(replan("--job", "mine", "--kernels", 0).code()).isZero();
    assertThat(jobs().getFirst().replan()).isZero();
    assertThat(Said.run("status", "mine", "--key", key).out()).doesNotContain("replan");
    assertThat(replan("--job", "mine", "--kernels", -1).code()).isEqualTo(ExitCode.USAGE.code());
    assertThat(replan("--job", "yours").code()).isEqualTo(ExitCode.BAD_INPUT.code());
  }

  @Test
  void a_model_that_begins_anew_has_no_other_kernels_to_leave() {
    Said said =
        Said.run(
            "train", cfg, "--data", data, "--key", key, "--pm", pm, "--fresh", "--replan", "--yes");

    assertThat(said.code()).as(said.err()).isEqualTo(ExitCode.USAGE.code());
    assertThat(said.err()).contains("--replan");
  }

  @Test
  void an_interval_of_validation_needs_data_to_validate_on() {
    Said said =
        Said.run("train", cfg, "--data", data, "--key", key, "--pm", pm, "--valid-every", 5);

    assertThat(said.code()).as(said.err()).isEqualTo(ExitCode.USAGE.code());
    assertThat(said.err()).contains("--valid");
  }

  @Test
  void grants_are_exported_both_or_not_at_all() throws Exception {
    assertThat(addJob("--freshness", "offline").code()).isZero();
    Path grants = folder.resolve("out/plinius").resolve(jobs().getFirst().id().toString());
    Files.createDirectories(grants);
    Path mine = Files.writeString(grants.resolve("grant-readonly"), "mine");

    String id = jobs().getFirst().id().toString();
    Said said =
        Said.run("broker", "--key", key, "export", "--job", id, "--out", folder.resolve("out"));

    assertThat(said.code()).isEqualTo(ExitCode.BAD_INPUT.code());
    assertThat(said.err()).contains("exists already");
    assertThat(mine).hasContent("mine");
    assertThat(grants.resolve("grant")).doesNotExist();
    assertThat(jobs().getFirst().epoch()).isZero();
  }

  @Test
  void weights_that_cannot_be_written_leave_no_model_in_plain() throws Exception {
    Path taken = Files.createDirectory(folder.resolve("taken"));
    Files.writeString(taken.resolve("file"), "");

    Said said = Said.run("weights", "convert", cfg, weights, taken);

    assertThat(said.code()).as(said.err()).isEqualTo(ExitCode.MEDIUM.code());
    assertThat(folder.resolve("taken.making")).doesNotExist();
  }

  @Test
  void a_policy_or_a_list_of_names_that_is_no_text_is_called_so() throws Exception {
    Path bytes = Files.write(folder.resolve("bytes"), new byte[] {(byte) 0xff, 0, 1});

    for (Said said :
        List.of(
            addJob("--policy", bytes),
            Said.run("predict", cfg, "--data", data, "--key", key, "--pm", pm, "--names", bytes))) {
      assertThat(said.code()).isEqualTo(ExitCode.BAD_INPUT.code());
      assertThat(said.err()).contains(bytes.toString(), "no text in UTF-8");
    }
  }

  @Test
  void classes_of_a_table_whose_columns_are_targets_are_refused() throws Exception {
    Path csv = Files.writeString(folder.resolve("table.csv"), "1,2,3\n");
    Path out = folder.resolve("table.sealed");

    Said said =
        Said.run(
            "data",
            "seal",
            "--key",
            key,
            "--csv",
            csv,
            "--targets",
            1,
            "--classes",
            3,
            "--out",
            out);

    assertThat(said.code()).as(said.err()).isEqualTo(ExitCode.USAGE.code());
    assertThat(out).doesNotExist();
  }

  private Said elsewhere(Object... more) {
    List<Object> words = new ArrayList<>(List.of("train", cfg, "--data", data, "--pm", pm));
    words.addAll(List.of("--broker", "https://127.0.0.1:1", "--broker-pin", "0".repeat(64)));
    words.addAll(List.of(more));
    return Said.run(words.toArray());
  }

  private Said replan(Object... more) {
    List<Object> words = new ArrayList<>(List.of("broker", "--key", key, "replan"));
    words.addAll(List.of(more));
    return Said.run(words.toArray());
  }

  private Path weights(String name, long seed, long seen) throws Exception {
    Network network = ModelPool.network(Cfg.parse(CFG, "net.cfg", Map.of()), seed);
    byte[] bytes =
        WeightsWriter.write(network, network.layers().size(), WeightsHeader.current(seen));
    return Files.write(folder.resolve(name), bytes);
  }

  private Said addJob(Object... more) {
    List<Object> words =
        new ArrayList<>(List.of("broker", "--key", key, "add-job", "--cfg", cfg, "--data", data));
    words.addAll(List.of(more));
    return Said.run(words.toArray());
  }

  private Said begin(Path file, Object... more) {
    List<Object> words =
        new ArrayList<>(
            List.of("weights", "import", cfg, file, "--key", key, "--data", data, "--pm", pm));
    words.addAll(List.of(more));
    return Said.run(words.toArray());
  }

  private List<Job> jobs() {
    try (OwnerKey owner = Owner.loadKey(key, Optional.empty());
        BrokerRecord record = BrokerRecord.open(owner, Owner.brokerState(key), Clock.systemUTC())) {
      return record.jobs();
    }
  }

  /** A few samples. */
  private static final class Squares implements SampleSource {
    private int made;

    @Override
    public SampleKind kind() {
      return new SampleKind(2, 2, 1, 3);
    }

    @Override
    public long count() {
      return 9;
    }

    @Override
    public Optional<Sample> next() {
      if (made == count()) {
        return Optional.empty();
      }
      made++;
      return Optional.of(new Sample(new byte[] {(byte) made, 1, 2, 3}, made % 3));
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }
}
