package plinius.evaluation.mirror;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import plinius.cli.JsonLines;
import plinius.darknet.BatchLoader;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.Quirks;
import plinius.darknet.cfg.Cfg;
import plinius.dataset.DataSetInfo;
import plinius.dataset.Label;
import plinius.dataset.Sample;
import plinius.dataset.SampleOrder;
import plinius.dataset.SealedDataSet;
import plinius.ingest.IdxSource;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;
import plinius.owner.OwnerKey;
import plinius.owner.SealedDataSetWriter;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;
import plinius.seal.AesWarmUp;
import plinius.seal.SecretBytes;

/**
 * Trains two equal networks in turn, one on sealed samples in persistent memory and one on the same
 * samples in plain: what unsealing costs an iteration.
 *
 * <p>Arguments: a folder on persistent memory, images and labels as IDX, a configuration, its
 * batch, iterations to time.
 */
public final class BatchProbe {
  private static final int WARM_ITERATIONS = 5;

  private BatchProbe() {}

  /** Prints a JSON line for each pair of iterations. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    Path sealed = folder.resolve("batch.sealed.pm");
    Path plain = folder.resolve("batch.plain.pm");
    String cfg = Files.readString(Path.of(arguments[3]));
    int batch = Integer.parseInt(arguments[4]);
    int iterations = Integer.parseInt(arguments[5]);
    AesWarmUp.run();
    try (OwnerKey owner = OwnerKey.generate();
        SecretBytes orderKey = owner.orderKey(1)) {
      DataSetInfo info = seal(owner, Path.of(arguments[1]), Path.of(arguments[2]), sealed);
      writePlain(Path.of(arguments[1]), Path.of(arguments[2]), info, plain);
      try (PersistentMemory sealedMemory = open(sealed);
          PersistentMemory plainMemory = open(plain);
          SecretBytes recordKey = owner.recordKey(info.id());
          SecretBytes manifestKey = owner.manifestKey(info.id());
          SealedDataSet set =
              SealedDataSet.open("batch", new Mapped(sealedMemory), recordKey, manifestKey);
          Workers workers = new Workers(Runtime.getRuntime().availableProcessors())) {
        int pixels = info.kind().valueBytes();
        SampleOrder order = new SampleOrder(orderKey, info.records());
        BatchLoader unsealing =
            loader(
                order, pixels, (index, into) -> ((Label.Category) set.read(index, into)).number());
        BatchLoader copying =
            loader(
                order,
                pixels,
                (index, into) -> {
                  plainMemory.read(index * (pixels + 1L), into, 0, pixels);
                  byte[] label = new byte[1];
                  plainMemory.read(index * (pixels + 1L) + pixels, label, 0, 1);
                  return label[0];
                });
        compare(
            network(cfg, workers), network(cfg, workers), unsealing, copying, batch, iterations);
      }
    } finally {
      Files.deleteIfExists(sealed);
      Files.deleteIfExists(plain);
    }
  }

  private static void compare(
      Network first,
      Network second,
      BatchLoader unsealing,
      BatchLoader copying,
      int batch,
      int iterations) {
    for (int i = -WARM_ITERATIONS; i < iterations; i++) {
      // They take turns at going first too.
      boolean sealedFirst = i % 2 == 0;
      double before = sealedFirst ? millis(first, unsealing) : millis(second, copying);
      double after = sealedFirst ? millis(second, copying) : millis(first, unsealing);
      if (i >= 0) {
        JsonLines.write(
            Map.of(
                "batch",
                batch,
                "iteration",
                i,
                "sealedMillis",
                sealedFirst ? before : after,
                "plainMillis",
                sealedFirst ? after : before));
      }
    }
    if (first.averageLoss() != second.averageLoss()) {
      throw new IllegalStateException("the two networks were not trained on the same samples");
    }
  }

  private static double millis(Network network, BatchLoader loader) {
    long began = System.nanoTime();
    double loss = network.trainIteration(loader);
    double millis = (System.nanoTime() - began) / 1e6;
    if (!Double.isFinite(loss)) {
      throw new IllegalStateException("the loss is " + loss);
    }
    return millis;
  }

  private static Network network(String cfg, Workers workers) {
    return Network.build(
        Cfg.parse(cfg, "batch.cfg", Map.of()),
        new NetworkOptions(Kernels.best(), workers, 1, Quirks.none(), true));
  }

  /** Fills pixels and gives the label. */
  @FunctionalInterface
  private interface Reader {
    int read(long index, byte[] pixels);
  }

  private static BatchLoader loader(SampleOrder order, int pixels, Reader reader) {
    byte[] sample = new byte[pixels];
    return (position, images, input, truth) -> {
      java.util.Arrays.fill(truth, 0);
      for (int image = 0; image < images; image++) {
        int label = reader.read(order.at(position + image), sample);
        for (int i = 0; i < pixels; i++) {
          input[image * pixels + i] = (sample[i] & 0xff) / 255f;
        }
        truth[image * (truth.length / images) + label] = 1;
      }
    };
  }

  private static DataSetInfo seal(OwnerKey owner, Path images, Path labels, Path out) {
    try (IdxSource source = IdxSource.open(images, labels)) {
      return SealedDataSetWriter.write(out, owner, source, done -> {});
    }
  }

  private static void writePlain(Path images, Path labels, DataSetInfo info, Path out) {
    int bytes = info.kind().valueBytes() + 1;
    PreparedFile.make(out, bytes * info.records());
    try (PersistentMemory memory = MappedMemory.open(out, Access.READ_WRITE, WriteBack.AUTO);
        IdxSource source = IdxSource.open(images, labels)) {
      for (long i = 0; i < info.records(); i++) {
        Sample sample = source.next().orElseThrow();
        memory.write(i * bytes, sample.values(), 0, bytes - 1);
        memory.write(
            i * bytes + bytes - 1,
            new byte[] {(byte) ((Label.Category) sample.label()).number()},
            0,
            1);
      }
    }
  }

  private static PersistentMemory open(Path file) {
    return MappedMemory.open(file, Access.READ_ONLY, WriteBack.AUTO);
  }

  private record Mapped(PersistentMemory memory) implements plinius.dataset.ByteSource {
    @Override
    public long bytes() {
      return memory.bytes();
    }

    @Override
    public void read(long offset, byte[] target, int at, int length) {
      memory.read(offset, target, at, length);
    }
  }
}
