package plinius.cli.demo;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import plinius.cli.ExitCode;
import plinius.cli.Installation;
import plinius.cli.Refusal;
import plinius.cli.Terminal;
import plinius.cli.demo.DemoRuns.Ended;
import plinius.dataset.DataSetInfo;
import plinius.host.HostException;
import plinius.host.KillAt;
import plinius.ingest.IdxSource;
import plinius.owner.OwnerKey;
import plinius.owner.SealedDataSetWriter;
import plinius.romulus.Extent;

/**
 * The demonstration, a step a line: key, seal, train undisturbed, train and be killed twice,
 * resume, compare, test, tamper, splice. It does what the verbs do; each run is the real three
 * processes.
 */
public final class Demo {
  private static final Path SHARED_MEMORY = Path.of("/dev/shm");
  private static final long NEEDED_BYTES = 512L << 20;

  private static final String POOL = "model.pm";

  /** A mirrorOut takes about a millisecond, so a kill may come too late for it. */
  private static final int MAX_TRIES = 12;

  private static final int FIRST_KILL = 60;
  private static final int SECOND_KILL = 130;

  private final Path folder;
  private final Path keyFile;
  private final DemoRuns runs;
  private final long startNanos = System.nanoTime();
  private int step;

  private Demo(Installation installation, Path folder) throws IOException {
    this.folder = folder;
    this.keyFile = folder.resolve("owner.key");
    Path cfg = folder.resolve("small.cfg");
    try (InputStream text = Demo.class.getResourceAsStream("small.cfg")) {
      Files.copy(text, cfg);
    }
    this.runs = new DemoRuns(installation, keyFile, cfg);
  }

  /**
   * Runs the demonstration.
   *
   * @param installation where the parts are
   * @param data a folder of IDX files, else what the demonstration finds
   * @param keep where to work and to leave everything, else a temporary folder
   * @return {@link ExitCode#DONE} if all went as promised
   */
  public static ExitCode run(Installation installation, Optional<Path> data, Optional<Path> keep) {
    try {
      Path folder = workFolder(keep);
      if (keep.isEmpty()) {
        // At every end, that by Ctrl-C too; nothing less than a kill leaves the folder behind.
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> remove(folder)));
      }
      new Demo(installation, folder).run(data);
      return ExitCode.DONE;
    } catch (IOException e) {
      throw new Refusal(
          ExitCode.MEDIUM, "the demonstration cannot use its files: " + HostException.why(e));
    }
  }

  private void run(Optional<Path> dataFolder) throws IOException {
    Path train = folder.resolve("train.sealed");
    Path test = folder.resolve("test.sealed");
    makeKeyAndSeal(DemoData.find(dataFolder, folder), train, test);

    Path undisturbedPm = folder.resolve("undisturbed");
    Ended undisturbed = runs.train(train, undisturbedPm, Optional.empty()).expect(ExitCode.DONE);
    String want = undisturbed.get("done").path("state").asText();
    sayAttested(undisturbed);
    say(
        "train",
        undisturbed.get("done").path("iteration").asInt()
            + " iterations, undisturbed, each mirrored durably; average loss "
            + lossOf(undisturbed)
            + "; state "
            + shortened(want));

    Path pm = folder.resolve("killed");
    Ended first = killInsideMirrorOut(train, pm);
    say("kill", "SIGKILL in the middle of a mirrorOut, that of iteration " + killedAt(first));
    Ended second = runs.train(train, pm, Optional.of(KillAt.parse("iteration:" + SECOND_KILL)));
    second.expect(ExitCode.STOPPED);
    say("kill", "resumed from " + resumedAt(second) + "; SIGKILL again, at " + killedAt(second));
    Ended last = runs.train(train, pm, Optional.empty()).expect(ExitCode.DONE);
    String got = last.get("done").path("state").asText();
    say("resume", "from iteration " + resumedAt(last) + " to the end; state " + shortened(got));
    if (!got.equals(want)) {
      throw new Refusal(
          ExitCode.INTERNAL, "the resumed state " + got + " is not the undisturbed state " + want);
    }
    say("compare", "resumed state = undisturbed state, bit for bit");

    JsonNode tested = runs.test(test, pm).expect(ExitCode.DONE).get("tested");
    say(
        "test",
        String.format(
            Locale.ROOT,
            "%d of %d images right: accuracy %.4f",
            tested.path("correct").asLong(),
            tested.path("images").asLong(),
            tested.path("accuracy").asDouble()));
    tamper(train, pm);
    splice(train, pm);
    Terminal.out()
        .printf("All as promised, in %d s.%n", (System.nanoTime() - startNanos) / 1_000_000_000);
  }

  private void makeKeyAndSeal(DemoData data, Path train, Path test) {
    try (OwnerKey key = OwnerKey.generate()) {
      key.save(keyFile, Optional.empty());
      say("key", "a new owner's key, id " + key.id());
      DataSetInfo sealed = seal(key, data.trainImages(), data.trainLabels(), train);
      DataSetInfo forTest = seal(key, data.testImages(), data.testLabels(), test);
      say(
          "seal",
          sealed.records()
              + " + "
              + forTest.records()
              + " "
              + data.description()
              + ": a sealed record each");
    }
  }

  private static DataSetInfo seal(OwnerKey key, Path images, Path labels, Path out) {
    try (IdxSource source = IdxSource.open(images, labels)) {
      return SealedDataSetWriter.write(out, key, source, done -> {});
    }
  }

  /** The host says whether the blow landed; where it came too late, the same again, later. */
  private Ended killInsideMirrorOut(Path train, Path pm) {
    for (int attempt = 0; attempt < MAX_TRIES; attempt++) {
      String at = "mirror-out:" + (FIRST_KILL + attempt);
      Ended killed = runs.train(train, pm, Optional.of(KillAt.parse(at))).expect(ExitCode.STOPPED);
      if (killed.get("killed").path("inside").asBoolean()) {
        return killed;
      }
    }
    throw new Refusal(
        ExitCode.INTERNAL, MAX_TRIES + " kills came too late for mirrorOut: run the demo again");
  }

  private void tamper(Path train, Path pm) throws IOException {
    Path copy = folder.resolve("tampered");
    Tampering.copyFolder(pm, copy);
    Path pool = copy.resolve(POOL);
    Extent largest = SealedState.largest(SealedState.tensors(pool));
    Tampering.flipBit(pool, largest.offset() + largest.bytes() / 2);
    refused("tamper", "one bit of a sealed tensor flipped", train, copy);
  }

  private void splice(Path train, Path pm) throws IOException {
    Path copy = folder.resolve("spliced");
    Tampering.copyFolder(pm, copy);
    Path pool = copy.resolve(POOL);
    List<Extent> two = SealedState.twoAlike(SealedState.tensors(pool));
    Tampering.exchange(
        pool, two.get(0).offset(), two.get(1).offset(), Math.toIntExact(two.get(0).bytes()));
    refused("splice", "two sealed tensors of one shape exchanged", train, copy);
  }

  /** One more training, which must be refused and must leave the pool as it is. */
  private void refused(String what, String how, Path train, Path pm) throws IOException {
    Path pool = pm.resolve(POOL);
    String before = sha256(pool);
    Ended ended = runs.train(train, pm, Optional.empty()).expect(ExitCode.TAMPERED);
    if (!sha256(pool).equals(before)) {
      throw new Refusal(ExitCode.INTERNAL, "the refused training has changed the pool");
    }
    say(what, how + ": refused, pool untouched");
    sayMore('"' + firstSentence(ended.get("error").path("reason").asText()) + '"');
  }

  private void sayAttested(Ended run) {
    JsonNode ready = run.get("ready");
    say(
        "attest",
        "the broker accepted the enclave: measurement "
            + shortened(ready.path("measurement").asText())
            + ", kernels "
            + ready.path("kernels").asText());
    sayMore(firstSentence(ready.path("warning").asText()));
  }

  private static int killedAt(Ended run) {
    return run.get("killed").path("iteration").asInt();
  }

  private static int resumedAt(Ended run) {
    return run.get("resume").path("iteration").asInt();
  }

  private static String lossOf(Ended run) {
    double loss =
        run.events().stream()
            .filter(event -> event.path("event").asText().equals("iteration"))
            .reduce((before, after) -> after)
            .map(event -> event.path("averageLoss").asDouble())
            .orElse(Double.NaN);
    return String.format(Locale.ROOT, "%.3f", loss);
  }

  private static String shortened(String hex) {
    return hex.length() <= 16 ? hex : hex.substring(0, 16) + "...";
  }

  private void say(String what, String text) {
    step++;
    Terminal.out().printf("%2d %-8s %s%n", step, what, text);
    Terminal.out().flush();
  }

  private static void sayMore(String text) {
    Terminal.out().printf("            %s%n", text);
  }

  private static String firstSentence(String text) {
    int end = text.indexOf(". ");
    return end < 0 ? text : text.substring(0, end + 1);
  }

  private static String sha256(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[1 << 16];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** In memory where there is room, as the paper emulates persistent memory, else on disk. */
  private static Path workFolder(Optional<Path> keep) throws IOException {
    if (keep.isPresent()) {
      return Files.createDirectory(keep.get());
    }
    boolean roomInMemory =
        Files.isWritable(SHARED_MEMORY)
            && Files.getFileStore(SHARED_MEMORY).getUsableSpace() >= NEEDED_BYTES;
    return roomInMemory
        ? Files.createTempDirectory(SHARED_MEMORY, "plinius-demo-")
        : Files.createTempDirectory("plinius-demo-");
  }

  private static void remove(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException | UncheckedIOException e) {
      Terminal.notice("cannot remove " + folder + ": " + e);
    }
  }
}
