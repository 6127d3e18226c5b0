package plinius.owner;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.LongConsumer;
import plinius.dataset.DataLayout;
import plinius.dataset.DataSetException;
import plinius.dataset.DataSetInfo;
import plinius.dataset.Label;
import plinius.dataset.SampleKind;
import plinius.seal.Id128;
import plinius.seal.KeyDerivation;
import plinius.seal.RecordSealer;
import plinius.seal.SecretBytes;

/** Seals samples into a data set, at the owner's. */
public final class SealedDataSetWriter {
  private static final int BUFFER_BYTES = 1 << 20;
  private static final int PROGRESS_RECORDS = 1024;

  private SealedDataSetWriter() {}

  /**
   * Seals all samples of a source under a data-set id drawn here. The file appears complete and
   * durable, or not at all; one of the same name is replaced.
   *
   * @param progress is told now and then how many records are sealed, and at the end
   * @throws DataSetException.BadInput if a sample does not have the source's shape, or their number
   *     is not the source's count
   */
  public static DataSetInfo write(
      Path out, OwnerKey owner, SampleSource samples, LongConsumer progress) {
    Id128 id = Id128.random();
    Path target = out.toAbsolutePath();
    if (Files.isDirectory(target)) {
      throw new DataSetException.BadInput("cannot write " + out + ": it is a folder");
    }
    Path folder = Optional.ofNullable(target.getParent()).orElse(target);
    Path temporary = folder.resolve(target.getFileName() + "." + id + ".tmp");
    try (SecretBytes recordKey = owner.recordKey(id);
        SecretBytes manifestKey = owner.manifestKey(id)) {
      DataSetInfo info =
          new DataSetInfo(
              id, owner.id(), KeyDerivation.keyId(manifestKey), samples.kind(), samples.count());
      try {
        try (FileChannel channel =
            FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
          write(channel, head(info, manifestKey));
          records(channel, info, recordKey, samples, progress);
          channel.force(true);
        }
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(temporary);
      }
      try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
        directory.force(true); // or the name may not survive a power cut
      }
      return info;
    } catch (IOException e) {
      throw new UnusableFile("cannot write " + out, e);
    }
  }

  /** Header and sealed manifest. */
  private static ByteBuffer head(DataSetInfo info, SecretBytes manifestKey) {
    byte[] header = DataLayout.header(info);
    byte[] manifest = DataLayout.manifest(info);
    byte[] head = Arrays.copyOf(header, DataLayout.RECORDS_OFFSET);
    try (RecordSealer sealer = new RecordSealer(manifestKey)) {
      sealer.seal(0, manifest, 0, manifest.length, header, head, DataLayout.HEADER_BYTES);
    }
    return ByteBuffer.wrap(head);
  }

  private static void records(
      FileChannel channel,
      DataSetInfo info,
      SecretBytes recordKey,
      SampleSource samples,
      LongConsumer progress)
      throws IOException {
    int stride = info.recordBytes();
    byte[] plain = new byte[DataLayout.plainRecordBytes(info.kind())];
    byte[] sealed = new byte[stride];
    byte[] aad = DataLayout.newRecordAad(info);
    ByteBuffer buffer = ByteBuffer.allocate(Math.max(stride, BUFFER_BYTES / stride * stride));
    try (RecordSealer sealer = new RecordSealer(recordKey)) {
      for (long index = 0; index < info.records(); index++) {
        long number = index;
        Sample sample =
            samples
                .next()
                .orElseThrow(
                    () ->
                        new DataSetException.BadInput(
                            "the source ends after "
                                + number
                                + " samples and promised "
                                + info.records()));
        put(sample, index, info.kind(), plain);
        ByteBuffer.wrap(sealed).putLong(index).putLong(DataLayout.mark(info.id()));
        seal(index, plain, aad, sealer, sealed);
        if (!buffer.hasRemaining()) {
          write(channel, buffer.flip());
          buffer.clear();
        }
        buffer.put(sealed);
        if ((index + 1) % PROGRESS_RECORDS == 0 || index + 1 == info.records()) {
          progress.accept(index + 1);
        }
      }
      write(channel, buffer.flip());
      if (samples.next().isPresent()) {
        throw new DataSetException.BadInput(
            "the source goes on after the " + info.records() + " samples that it promised");
      }
    } finally {
      Arrays.fill(plain, (byte) 0);
    }
  }

  private static void put(Sample sample, long index, SampleKind kind, byte[] plain) {
    if (sample.values().length != kind.valueBytes()) {
      throw new DataSetException.BadInput(
          "sample "
              + index
              + " has "
              + sample.values().length
              + " bytes of values, want "
              + kind.valueBytes());
    }
    ByteBuffer target = ByteBuffer.wrap(plain);
    try {
      putLabel(sample.label(), kind, target);
    } catch (DataSetException.BadInput e) {
      throw new DataSetException.BadInput("sample " + index + ": " + e.getMessage());
    }
    target.put(sample.values());
  }

  /**
   * Writes a label's bytes; what a shorter list of boxes leaves free is zero.
   *
   * @throws DataSetException.BadInput if the kind has no such label
   */
  private static void putLabel(Label label, SampleKind kind, ByteBuffer target) {
    Label.requireFits(label, kind);
    switch (label) {
      case Label.Category category -> target.putInt(category.number());
      case Label.Length length -> target.putInt(length.values());
      case Label.Targets targets -> {
        for (float value : targets.values()) {
          target.putFloat(value);
        }
      }
      case Label.Boxes boxes -> {
        target.putInt(boxes.boxes().size());
        for (Label.Box box : boxes.boxes()) {
          target.putInt(box.category());
          target.putFloat(box.x()).putFloat(box.y()).putFloat(box.w()).putFloat(box.h());
        }
        target.put(new byte[(kind.slots() - boxes.boxes().size()) * Label.BOX_BYTES]);
      }
    }
  }

  private static void seal(
      long index, byte[] plain, byte[] aad, RecordSealer sealer, byte[] sealed) {
    long piece = index * Math.ceilDiv(plain.length, DataLayout.PIECE_BYTES);
    int at = DataLayout.RECORD_HEAD_BYTES;
    for (int from = 0; from < plain.length; from += DataLayout.PIECE_BYTES) {
      int length = Math.min(DataLayout.PIECE_BYTES, plain.length - from);
      DataLayout.putIndex(aad, piece);
      at += sealer.seal(piece, plain, from, length, aad, sealed, at);
      piece++;
    }
  }

  private static void write(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
