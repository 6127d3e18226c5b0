package plinius.evaluation.mirror;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import plinius.cli.JsonLines;
import plinius.kernel.Workers;
import plinius.pmem.WriteBack;
import plinius.seal.AesWarmUp;
import plinius.seal.SecretBytes;

/**
 * One model mirrored out and in by more and more threads, which take turns within a round; beside
 * it the plain copy, to which the medium sets a bound of its own.
 *
 * <p>Arguments: a folder on persistent memory, megabytes of the model, rounds, and numbers of
 * threads with commas.
 */
public final class ScalingProbe {
  private static final int WARM_ROUNDS = 3;

  private ScalingProbe() {}

  /** A mirror and a copy that so many threads share. */
  private record Team(Workers workers, Store mirror, Store copy) implements AutoCloseable {
    @Override
    public void close() {
      mirror.close();
      copy.close();
      workers.close();
    }
  }

  /** Prints a JSON line for each number of threads and round. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    double megabytes = Double.parseDouble(arguments[1]);
    int rounds = Integer.parseInt(arguments[2]);
    AesWarmUp.run();
    Model model = Model.of(megabytes, 1);
    List<Path> files = new ArrayList<>();
    List<Team> teams = new ArrayList<>();
    try (SecretBytes key = SecretBytes.random(32)) {
      for (int threads :
          Arrays.stream(arguments[3].split(",", -1)).mapToInt(Integer::parseInt).toArray()) {
        Path pool = folder.resolve("scaling-" + threads + ".pm");
        Path copy = folder.resolve("scaling-" + threads + ".copy");
        files.addAll(List.of(pool, copy));
        Workers workers = new Workers(threads);
        teams.add(
            new Team(
                workers,
                new MirrorStore("mirror", pool, WriteBack.AUTO, model, key, workers),
                new CopyStore(copy, model, workers)));
      }
      for (int round = -WARM_ROUNDS; round < rounds; round++) {
        for (Team team : teams) {
          measure(team, megabytes, round);
        }
      }
    } finally {
      teams.forEach(Team::close);
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
    }
  }

  private static void measure(Team team, double megabytes, int round) {
    double save = millis(team.mirror()::save);
    double restore = millis(team.mirror()::restore);
    team.mirror().release();
    double copy = millis(team.copy()::save);
    if (round >= 0) {
      JsonLines.write(
          Map.of(
              "megabytes", megabytes,
              "threads", team.workers().threads(),
              "round", round,
              "saveMillis", save,
              "restoreMillis", restore,
              "copyMillis", copy));
    }
  }

  private static double millis(Runnable work) {
    long began = System.nanoTime();
    work.run();
    return (System.nanoTime() - began) / 1e6;
  }
}
