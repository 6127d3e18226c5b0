package plinius.evaluation.mirror;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import plinius.cli.JsonLines;
import plinius.darknet.BatchLoader;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.Cfg;
import plinius.dataset.DataSetInfo;
import plinius.dataset.Label;
import plinius.dataset.SampleOrder;
import plinius.dataset.SealedDataSet;
import plinius.ingest.IdxSource;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;
import plinius.owner.OwnerKey;
import plinius.owner.Sample;
import plinius.owner.SealedDataSetWriter;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;
import plinius.seal.AesWarmUp;
import plinius.seal.SecretBytes;

/**
 * Trains a network on sealed samples in persistent memory and on the same samples in plain, in
 * turns: what unsealing costs an iteration. It is one network, because of two equal ones one may
 * lie better in memory, which is more than what is to be measured.
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
        compare(network(cfg, workers), unsealing, copying, batch, iterations);
      }
    } finally {
      Files.deleteIfExists(sealed);
      Files.deleteIfExists(plain);
    }
  }

  private static void compare(
      Network network, BatchLoader unsealing, BatchLoader copying, int batch, int iterations) {
    requireSameSamples(network, unsealing, copying, batch);
    for (int i = -WARM_ITERATIONS; i < iterations; i++) {
      // They take turns at going first too.
      boolean sealedFirst = i % 2 == 0;
      double before = millis(network, sealedFirst ? unsealing : copying);
      double after = millis(network, sealedFirst ? copying : unsealing);
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
  }

  private static void requireSameSamples(
      Network network, BatchLoader unsealing, BatchLoader copying, int batch) {
    float[][] inputs = new float[2][batch * network.inputs()];
    float[][] truths = new float[2][batch * network.truths()];
    unsealing.load(0, batch, inputs[0], truths[0]);
    copying.load(0, batch, inputs[1], truths[1]);
    if (!Arrays.equals(inputs[0], inputs[1]) || !Arrays.equals(truths[0], truths[1])) {
      throw new IllegalStateException("the sealed samples are not the plain ones");
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
        new NetworkOptions(Kernels.best(), workers, 1, true));
  }

  /** Fills pixels and gives the label. */
  @FunctionalInterface
  private interface Reader {
    int read(long index, byte[] pixels);
  }

  private static BatchLoader loader(SampleOrder order, int pixels, Reader reader) {
    byte[] sample = new byte[pixels];
    return (position, images, input, truth) -> {
      Arrays.fill(truth, 0);
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
