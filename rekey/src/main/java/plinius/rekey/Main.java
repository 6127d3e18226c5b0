package plinius.rekey;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import plinius.broker.Job;
import plinius.cli.CfgOptions;
import plinius.cli.ExitCode;
import plinius.cli.Owner;
import plinius.cli.Refusal;
import plinius.cli.Terminal;
import plinius.cli.Verbs;
import plinius.owner.OwnerKey;

/** The verb rekey. */
@Command(
    name = "rekey",
    description = {
      "Gives a job new keys: seals its data and its pool again, under a new owner's key, and"
          + " revokes",
      "the old job. Killed at any point, either the old key works or the new one, and the same",
      "command goes on. Holds keys and plaintext in memory: run it where you trust the machine."
    })
public final class Main implements Callable<Integer> {
  @Mixin private CfgOptions network;

  @Option(names = "--key", required = true, paramLabel = "F", description = "The old key.")
  private Path oldKey;

  @Option(names = "--passphrase-file", paramLabel = "F", description = "The old key's passphrase.")
  private Path oldPassphrase;

  @Option(
      names = "--new-key",
      required = true,
      paramLabel = "F",
      description = "The new key; `plinius key new` makes one.")
  private Path newKey;

  @Option(
      names = "--new-passphrase-file",
      paramLabel = "F",
      description = "The new key's passphrase.")
  private Path newPassphrase;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "F",
      description = "A sealed file of the job; several, the validation data too.")
  private List<Path> data;

  @Option(
      names = "--new-data",
      required = true,
      paramLabel = "F",
      description = "What it is called under the new key; as many, in the same order.")
  private List<Path> newData;

  @Option(names = "--pm", required = true, paramLabel = "DIR", description = "The pool's folder.")
  private Path pm;

  /** Starts the verb; its name comes first. */
  public static void main(String[] arguments) {
    System.exit(run(java.util.Arrays.copyOfRange(arguments, 1, arguments.length)));
  }

  /** Does what the arguments after the verb say; returns the exit code. */
  static int run(String... arguments) {
    return Verbs.run(new Main(), arguments);
  }

  @Override
  public Integer call() {
    if (data.size() != newData.size()) {
      throw new Refusal(ExitCode.USAGE, "--data and --new-data go in pairs");
    }
    Map<Path, Path> pairs = new LinkedHashMap<>();
    for (int i = 0; i < data.size(); i++) {
      pairs.put(data.get(i), newData.get(i));
    }
    try (OwnerKey old = Owner.loadKey(oldKey, Optional.ofNullable(oldPassphrase));
        OwnerKey fresh = Owner.loadKey(newKey, Optional.ofNullable(newPassphrase))) {
      Rekey.Request request =
          new Rekey.Request(
              old,
              Owner.brokerState(oldKey),
              fresh,
              Owner.brokerState(newKey),
              pairs,
              pm,
              network.parse());
      Job job = Rekey.run(request, _ -> {});
      Terminal.out().println("job " + job.id() + " has new keys: train it with " + newKey);
    } catch (IOException | UnsupportedOperationException e) {
      throw new Refusal(ExitCode.MEDIUM, "cannot exchange the pool in " + pm + ": " + e);
    }
    return ExitCode.DONE.code();
  }
}
