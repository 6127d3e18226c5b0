package plinius.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import plinius.boundary.HostMessage.Mode;

/** Tests a mirrored model in an enclave, and changes nothing. */
@Command(
    name = "test",
    description = "Tests the mirrored model in an enclave; writes nothing to the pool.")
final class TestCommand implements Callable<Integer>, JsonErrors {
  @Mixin private RunOptions run;
  @Mixin private OwnerKeyOptions key;

  @Option(names = "--best", description = "Test the best validated model, not the newest.")
  private boolean best;

  @Override
  public boolean wantsJson() {
    return run.json();
  }

  @Override
  public Integer call() {
    Installation installation = Installation.current();
    RunRequest.Question question = RunRequest.Question.NONE.of(best);
    try (Owner owner = Owner.start(installation, key.file(), key.passphrase(), 0)) {
      return HostProcess.run(installation, owner.prepare(run.request(Mode.TEST).asking(question)));
    }
  }
}
