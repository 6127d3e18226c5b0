package plinius.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/**
 * A verb that is a program of its own, with its own options: a process, so that what it needs is
 * loaded for it alone and what it measures is not disturbed by this one.
 */
abstract class OtherProgram implements Callable<Integer> {
  @Spec private CommandSpec spec;

  /** Everything behind the verb: the other program knows its options. */
  @Unmatched private List<String> arguments = new ArrayList<>();

  /** The module that holds it, as the folder in the root is named. */
  abstract String module();

  /** Further options of its virtual machine. */
  List<String> options(Path folder) {
    return List.of();
  }

  @Override
  public Integer call() {
    Installation installation = Installation.current();
    Path modules = installation.root().resolve(module()).resolve("target/modules");
    if (!Files.isDirectory(modules)) {
      throw new Refusal(
          ExitCode.UNAVAILABLE,
          "there are no jars at " + modules + ": run ./plinius " + spec.name() + ", which builds");
    }
    List<String> command = new ArrayList<>();
    command.add(installation.java().toString());
    command.addAll(List.of("-XX:+UseSerialGC", "--enable-native-access=plinius.pmem"));
    command.add("-Dplinius.root=" + installation.root());
    command.add("-Dplinius.image=" + installation.image());
    command.addAll(options(installation.root().resolve(module())));
    command.addAll(List.of("-p", modules.toString()));
    command.addAll(List.of("-m", "plinius." + module() + "/plinius." + module() + ".Main"));
    command.add(spec.name());
    command.addAll(arguments);
    try {
      Process program = new ProcessBuilder(command).inheritIO().start();
      // A terminal's Ctrl-C reaches it anyway; a signal to this process alone does not.
      Runtime.getRuntime().addShutdownHook(new Thread(program::destroy, "stop-" + module()));
      return HostProcess.exitCode(
          program.waitFor(), "the program of " + spec.name(), "starts it again");
    } catch (IOException e) {
      throw new Refusal(
          ExitCode.INTERNAL, "cannot start " + command.getFirst() + ": " + Failures.why(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Refusal(ExitCode.STOPPED, "interrupted");
    }
  }
}
