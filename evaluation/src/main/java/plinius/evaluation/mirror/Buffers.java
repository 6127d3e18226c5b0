package plinius.evaluation.mirror;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import plinius.enclave.mirror.MirroredTensor;
import plinius.kernel.Workers;
import plinius.seal.Sealer;
import plinius.seal.SecretBytes;
import plinius.seal.Unsealer;

/**
 * The model as a row of sealed buffers of at most 256 KiB: what the stores that the mirror is
 * compared with write and read, with the same cipher, the same buffers and as many threads.
 */
final class Buffers implements AutoCloseable {
  private static final int PLAIN_BYTES_MAX = Sealer.PLAIN_BYTES_MAX;
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** A part of a tensor: floats at a place of the block, sealed at a place of the row. */
  record Part(int tensor, int first, int floats, long at) {
    int sealedBytes() {
      return Float.BYTES * floats + Sealer.OVERHEAD;
    }
  }

  /** What is done with one part. */
  @FunctionalInterface
  interface PartTask {
    void accept(Lane lane, Part part);
  }

  private final Model model;
  private final Workers workers;
  private final List<Part> parts;
  private final List<Lane> lanes = new ArrayList<>();

  /**
   * A model's buffers.
   *
   * @param workers who share the work; the caller closes them
   */
  Buffers(Model model, SecretBytes key, Workers workers) {
    this.model = model;
    this.workers = workers;
    this.parts = parts(model);
    try (Sealer first = new Sealer(key)) {
      for (int i = 0; i < workers.threads(); i++) {
        lanes.add(new Lane(first.fork(), new Unsealer(key)));
      }
    }
  }

  private static List<Part> parts(Model model) {
    List<Part> parts = new ArrayList<>();
    long at = 0;
    for (int i = 0; i < model.tensors().size(); i++) {
      MirroredTensor tensor = model.tensors().get(i);
      for (int done = 0; done < tensor.count(); ) {
        int floats = Math.min(PLAIN_BYTES_MAX / Float.BYTES, tensor.count() - done);
        Part part = new Part(i, tensor.offset() + done, floats, at);
        parts.add(part);
        at += part.sealedBytes();
        done += floats;
      }
    }
    return List.copyOf(parts);
  }

  List<Part> parts() {
    return parts;
  }

  long sealedBytes() {
    Part last = parts.getLast();
    return last.at() + last.sealedBytes();
  }

  /** What the caller works with where it shares the work with nobody. */
  Lane lane() {
    return lanes.getFirst();
  }

  /** Does it with every part once, by all threads. */
  void share(PartTask task) {
    AtomicInteger next = new AtomicInteger();
    workers.run(
        lanes.size(),
        number -> {
          Lane lane = lanes.get(number);
          for (int i = next.getAndIncrement(); i < parts.size(); i = next.getAndIncrement()) {
            task.accept(lane, parts.get(i));
          }
        });
  }

  /** A thread's cipher, and where a part lies on its way. */
  final class Lane {
    private final Sealer sealer;
    private final Unsealer unsealer;
    private final byte[] plain = new byte[PLAIN_BYTES_MAX];
    private final byte[] sealed = new byte[PLAIN_BYTES_MAX + Sealer.OVERHEAD];
    private final byte[] place = new byte[64];

    private Lane(Sealer sealer, Unsealer unsealer) {
      this.sealer = sealer;
      this.unsealer = unsealer;
    }

    /** Seals a part; valid until the lane's next call. */
    byte[] seal(Part part) {
      MemorySegment.copy(
          MemorySegment.ofArray(model.block()),
          ValueLayout.JAVA_FLOAT,
          (long) Float.BYTES * part.first(),
          MemorySegment.ofArray(plain),
          FLOAT,
          0,
          part.floats());
      sealer.seal(plain, 0, Float.BYTES * part.floats(), place, sealed, 0);
      return sealed;
    }

    /** Where a sealed part is to be put before {@link #unseal}. */
    byte[] incoming() {
      return sealed;
    }

    /** Authenticates what lies in {@link #incoming} and puts it into the model. */
    void unseal(Part part) {
      unsealer.unseal(sealed, 0, part.sealedBytes(), place, plain, 0);
      MemorySegment.copy(
          MemorySegment.ofArray(plain),
          FLOAT,
          0,
          MemorySegment.ofArray(model.block()),
          ValueLayout.JAVA_FLOAT,
          (long) Float.BYTES * part.first(),
          part.floats());
    }
  }

  @Override
  public void close() {
    for (Lane lane : lanes) {
      lane.sealer.close();
      lane.unsealer.close();
    }
  }
}
