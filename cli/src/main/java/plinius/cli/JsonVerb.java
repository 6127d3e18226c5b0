package plinius.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Option;

/** A verb that says to programs, too, what it has to say. */
abstract class JsonVerb implements Callable<Integer>, JsonErrors {
  @Option(names = "--json", description = "JSON on standard output, an object a line.")
  private boolean json;

  @Override
  public final boolean wantsJson() {
    return json;
  }
}
