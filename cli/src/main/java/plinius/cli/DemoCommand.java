package plinius.cli;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import plinius.cli.demo.Demo;

/** Shows all of it in a few minutes. */
@Command(
    name = "demo",
    description = {
      "Makes a key, seals data, trains in an enclave, kills it twice, goes on, compares with an",
      "undisturbed training, tests, tampers. Takes Fashion-MNIST where Debian has installed it",
      "(package dataset-fashion-mnist), else digits that it draws itself."
    })
final class DemoCommand implements Callable<Integer> {

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "A folder of IDX files, named as those of MNIST, plain or gzipped.")
  private Path data;

  @Option(
      names = "--keep",
      paramLabel = "DIR",
      description = "Work in this folder, which must not exist, and leave everything there.")
  private Path keep;

  @Override
  public Integer call() {
    return Demo.run(Installation.current(), Optional.ofNullable(data), Optional.ofNullable(keep))
        .code();
  }
}
