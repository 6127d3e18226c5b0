package plinius.benchmarks.peers;

import java.util.List;
import plinius.benchmarks.train.Trainer;
import plinius.darknet.cfg.CfgFile;

/** libtorch in both of its layouts. */
public final class LibtorchMaker implements Trainer.Maker {
  /** For the service loader. */
  public LibtorchMaker() {}

  @Override
  public List<Trainer> make(CfgFile cfg, int threads) {
    return List.of(
        new LibtorchTrainer(cfg, true, threads), new LibtorchTrainer(cfg, false, threads));
  }
}
