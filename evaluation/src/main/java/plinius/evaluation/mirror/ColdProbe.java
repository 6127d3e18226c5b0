package plinius.evaluation.mirror;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import plinius.cli.JsonLines;
import plinius.enclave.mirror.ModelMirror;
import plinius.enclave.mirror.Progress;
import plinius.kernel.Workers;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.WriteBack;
import plinius.romulus.Protocol;
import plinius.seal.AesWarmUp;
import plinius.seal.SecretBytes;

/**
 * A fresh virtual machine restores a model, the keys at hand: from the process's start to the first
 * use of its parameters, on all cores. Written by the same class before, in another process.
 *
 * <p>Arguments: save or restore, the pool, megabytes; to restore, the instant of the start too.
 */
public final class ColdProbe {
  /** A key without a secret: nothing but noise lies under it. */
  private static final byte[] KEY = HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f");

  private ColdProbe() {}

  /** Prints one JSON line. */
  public static void main(String[] arguments) throws InterruptedException {
    Path pool = Path.of(arguments[1]);
    double megabytes = Double.parseDouble(arguments[2]);
    try (SecretBytes key = SecretBytes.copyOf(KEY)) {
      if (arguments[0].equals("save")) {
        save(pool, Model.of(megabytes, 1), key);
        return;
      }
      Thread warmUp = Thread.ofPlatform().start(AesWarmUp::run);
      // Shapes only: the values come from the mirror.
      Model model = Model.shaped(megabytes);
      warmUp.join();
      double warm = secondsSince(arguments[3]);
      double sum = 0;
      try (Workers workers = new Workers(Runtime.getRuntime().availableProcessors());
          ModelMirror mirror =
              ModelMirror.open(
                  MappedMemory.open(pool, Access.READ_ONLY, WriteBack.AUTO),
                  Model.terms(key),
                  model.tensors())) {
        if (mirror.sharedBy(workers).mirrorIn().isEmpty()) {
          throw new IllegalStateException("the pool holds no mirror");
        }
        for (int i = 0; i < model.block().length; i += 1024) {
          sum += model.block()[i];
        }
      }
      JsonLines.write(
          Map.of(
              "megabytes",
              megabytes,
              "warmMillis",
              1e3 * warm,
              "firstUseMillis",
              1e3 * secondsSince(arguments[3]),
              "sum",
              sum));
    }
  }

  private static void save(Path pool, Model model, SecretBytes key) {
    PreparedFile.make(pool, ModelMirror.poolBytes(model.tensors()));
    try (ModelMirror mirror =
        ModelMirror.create(
            MappedMemory.open(pool, Access.READ_WRITE, WriteBack.AUTO),
            Protocol.PING_PONG,
            Model.terms(key),
            model.tensors())) {
      mirror.mirrorOut(new Progress(1, 128, 1.0));
    }
    JsonLines.write(Map.of("saved", model.bytes()));
  }

  private static double secondsSince(String instant) {
    return Duration.between(Instant.parse(instant), Instant.now(Clock.systemUTC())).toNanos() / 1e9;
  }
}
