package plinius.benchmarks.peers;

import java.util.List;
import plinius.benchmarks.network.Contender;
import plinius.benchmarks.network.Task;

/** libtorch in both of its layouts. */
public final class LibtorchMaker implements Contender.Maker {
  /** For the service loader. */
  public LibtorchMaker() {}

  @Override
  public List<Contender> make(Task task) {
    return List.of(new LibtorchContender(task, true), new LibtorchContender(task, false));
  }
}
