package plinius.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.layer.NamedTensor;
import plinius.dataset.DataSetInfo;
import plinius.kernel.Workers;
import plinius.owner.SealedFile;
import plinius.reference.ScalarKernels;

/**
 * Searches all that leaves the enclave for what only the owner and the enclave may know. With a
 * learning rate of zero the weights stay those that the seed gives, so that the same plaintext is
 * looked for everywhere and at any time.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PlaintextTest {
  private static final int SEARCHED_IMAGES = 1500;
  private static final long SEED = 1;

  private final Needles needles = new Needles();
  private World world;
  private Path pm;
  private Path border;
  private Path heap;
  private Path memory;
  private Path wire;

  @BeforeAll
  void train_and_look_at_the_host_meanwhile() throws Exception {
    world = World.make();
    pm = world.newPm();
    border = world.file("border");
    heap = world.file("host.hprof");
    memory = world.file("host.memory");
    wire = world.file("wire");
    addPlaintext();
    Plinius.Running broker =
        world
            .plinius()
            .start(
                "broker",
                "--key",
                world.key(),
                "--cfg",
                world.cfg(),
                "--data",
                world.train(),
                "--set",
                "learning_rate=0");
    try {
      broker.awaitOutput("pin ");
      trainThere(Files.readString(broker.out()));
    } finally {
      broker.process().destroyForcibly();
    }
    JobKeys.of(world.key(), pm, SealedFile.info(world.train())).forEach(needles::addKey);
  }

  /** With a broker of its own process behind a wire that is listened to. */
  private void trainThere(String said) throws Exception {
    try (RecordingProxy proxy =
        RecordingProxy.before(URI.create(CommandTest.word(said, "broker")), wire)) {
      Plinius.Running running =
          world
              .plinius()
              .start(
                  "train",
                  world.cfg(),
                  "--data",
                  world.train(),
                  "--broker",
                  proxy.url(),
                  "--broker-pin",
                  CommandTest.word(said, "pin"),
                  "--job",
                  CommandTest.word(said, "job"),
                  "--set",
                  "learning_rate=0",
                  "--record-border",
                  border,
                  "--pm",
                  pm,
                  "--json");
      running.awaitOutput("\"iteration\":20,");
      JsonNode processes = Plinius.Run.firstEvent(Files.readString(running.out()), "processes");
      long host = processes.path("host").asLong();
      dumpHeap(host, heap);
      ProcessMemory.copy(host, memory);
      running.end().expect(0);
    }
  }

  @AfterAll
  void clean_up() {
    if (world != null) {
      world.close();
    }
  }

  @Test
  void the_plaintext_is_that_of_the_run() {
    // Otherwise the searches would look for something that never was.
    Path trained = world.newPm();
    assertThat(needles.count()).isGreaterThan(10_000);
    world.train(trained, "--set", "learning_rate=0", "--iterations", "1").expect(0);
    List<float[]> mirrored = PlainState.of(world, trained, Map.of("learning_rate", "0"));

    assertThat(largest(mirrored)).isEqualTo(largest(initialWeights()));
  }

  @Test
  void neither_pool_nor_loaded_data_nor_sealed_file_holds_any_of_it() {
    DataSetInfo data = SealedFile.info(world.train());
    for (Path file :
        List.of(pm.resolve("model.pm"), pm.resolve("data-" + data.id() + ".pm"), world.train())) {
      assertThat(needles.in(file)).isEmpty();
      assertFoundOncePlanted(file);
    }
  }

  @Test
  void nothing_of_it_crosses_the_border() {
    assertThat(border).isNotEmptyFile();
    assertThat(needles.in(border)).isEmpty();
    assertFoundOncePlanted(border);
  }

  @Test
  void nothing_of_it_is_on_the_wire_between_host_and_broker() {
    assertThat(wire).isNotEmptyFile();
    assertThat(needles.in(wire)).isEmpty();
    assertFoundOncePlanted(wire);
  }

  @Test
  void nothing_of_it_is_anywhere_in_the_hosts_memory() throws Exception {
    assertThat(contains(memory, pm.toString().getBytes(StandardCharsets.US_ASCII))).isTrue();
    assertThat(needles.in(memory)).isEmpty();
    assertFoundOncePlanted(memory);
  }

  @Test
  void the_broker_and_whoever_reads_the_key_file_are_found_to_hold_the_keys() throws Exception {
    // Else the search would be for keys that nobody ever had.
    assertThat(needles.in(world.key()).orElse("nothing")).contains("the owner's key");
    Path bytes = world.file("held-keys");
    try (OutputStream out = Files.newOutputStream(bytes)) {
      for (byte[] key : JobKeys.of(world.key(), pm, SealedFile.info(world.train())).values()) {
        out.write(new byte[7]);
        out.write(key);
      }
    }
    assertThat(dumpOfProcessHolding(bytes, "bytes")).contains("key: ");
  }

  @Test
  void the_host_holds_nothing_of_it() throws Exception {
    // The dump is really that of the host: it holds the path that the host was told.
    assertThat(contains(heap, pm.toString().getBytes(StandardCharsets.US_ASCII))).isTrue();
    assertThat(needles.in(heap)).isEmpty();
  }

  @Test
  void a_process_that_holds_weights_or_pixels_is_found_out() throws Exception {
    Path floats = world.file("held-floats");
    ByteBuffer bytes = ByteBuffer.allocate(4 * 64);
    bytes.asFloatBuffer().put(largest(initialWeights()), 0, 64);
    Files.write(floats, bytes.array());

    assertThat(dumpOfProcessHolding(floats, "floats")).contains("weights");
    assertThat(dumpOfProcessHolding(world.file("images"), "bytes")).contains("row");
    assertThat(dumpOfProcessHolding(world.file("labels"), "bytes")).contains("labels");
  }

  private void addPlaintext() throws IOException {
    List<float[]> weights = initialWeights();
    for (int i = 0; i < weights.size(); i++) {
      needles.addWeights("tensor " + i, weights.get(i));
    }
    needles.addImages(Files.readAllBytes(world.file("images")), SEARCHED_IMAGES);
    needles.addLabels(Files.readAllBytes(world.file("labels")));
  }

  private List<float[]> initialWeights() {
    try (Workers workers = new Workers(1)) {
      return Network.build(
              Cfg.parse(Files.readString(world.cfg()), "small.cfg", Map.of()),
              new NetworkOptions(new ScalarKernels(), workers, SEED, true))
          .state()
          .stream()
          .map(PlaintextTest::values)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static float[] largest(List<float[]> tensors) {
    return Collections.max(tensors, Comparator.comparingInt(values -> values.length));
  }

  static float[] values(NamedTensor tensor) {
    float[] values = new float[tensor.count()];
    System.arraycopy(tensor.block(), tensor.offset(), values, 0, values.length);
    return values;
  }

  private void assertFoundOncePlanted(Path file) {
    Random random = World.random("planting in " + file.getFileName());
    for (byte[] secret : needles.some()) {
      Path planted = world.file("planted");
      try {
        Files.copy(file, planted, StandardCopyOption.REPLACE_EXISTING);
        long room = Files.size(planted) - secret.length;
        Bits.write(planted, random.nextLong(room), secret);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      assertThat(needles.in(planted)).as("planted in a copy of %s", file).isPresent();
    }
  }

  private String dumpOfProcessHolding(Path file, String how) throws Exception {
    Path dump = world.file("control-" + file.getFileName() + ".hprof");
    Process holder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-cp",
                Path.of(
                        HeapHolder.class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString(),
                HeapHolder.class.getName(),
                file.toString(),
                how)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader out = holder.inputReader()) {
      assertThat(out.readLine()).startsWith("holding");
      dumpHeap(holder.pid(), dump);
      return needles.in(dump).orElse("nothing");
    } finally {
      holder.destroyForcibly();
    }
  }

  /** All of the heap, also what nobody refers to any more. */
  private static void dumpHeap(long pid, Path file) throws Exception {
    Process jcmd =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                Long.toString(pid),
                "GC.heap_dump",
                "-all",
                file.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(jcmd.waitFor()).as(said).isZero();
    assertThat(file).as(said).isNotEmptyFile();
  }

  private static boolean contains(Path file, byte[] wanted) throws IOException {
    byte[] all = Files.readAllBytes(file);
    for (int at = 0; at + wanted.length <= all.length; at++) {
      if (all[at] == wanted[0]
          && Arrays.equals(all, at, at + wanted.length, wanted, 0, wanted.length)) {
        return true;
      }
    }
    return false;
  }
}
