package plinius.enclave.mirror;

import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import plinius.enclave.EnclaveException;
import plinius.seal.Id128;

/**
 * What a mirror says about itself: sealed last, as its own record, and bound to everything else by
 * the digest over all tags. Big-endian, in the order of the components; layout in
 * docs/design/mirror-format.md.
 *
 * @param ring the mirrors before this one, oldest first, at most {@link #RING_ENTRIES}
 * @param contents SHA-256 over the ordered (tensor, record, tag) list
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares headers
record MirrorHeader(
    Id128 job,
    Id128 ownerKeyId,
    long epoch,
    long sequence,
    byte[] salt,
    Progress progress,
    Subject subject,
    byte[] contents,
    List<Ancestor> ring) {

  static final int FORMAT = 1;
  static final int RING_ENTRIES = 64;
  static final int SALT_BYTES = 16;
  static final int DIGEST_BYTES = 32;
  static final int BYTES_MAX = 256 * 1024;

  /** The rest of a header takes less than is left. */
  static final int SUBJECT_BYTES_MAX = BYTES_MAX - 4096;

  /** What is mirrored: the same in all mirrors of a run. */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares subjects
  record Subject(
      long seed,
      int shards,
      String plan,
      byte[] cfgDigest,
      String canonicalCfg,
      List<Entry> entries) {

    /**
     * As it stands in a header.
     *
     * @throws EnclaveException.BadInput if a header has no room for it
     */
    byte[] encode() {
      ByteBuffer out = ByteBuffer.allocate(SUBJECT_BYTES_MAX);
      try {
        put(out);
        return Arrays.copyOf(out.array(), out.position());
      } catch (BufferOverflowException e) {
        throw new EnclaveException.BadInput(
            "configuration, kernel plan and tensors' names take more than %d bytes; shorten the configuration"
                .formatted(SUBJECT_BYTES_MAX));
      }
    }

    private void put(ByteBuffer out) {
      text(out.putLong(seed).putInt(shards), plan);
      text(out.put(cfgDigest), canonicalCfg);
      out.putInt(entries.size());
      for (Entry entry : entries) {
        text(out, entry.name());
        out.putInt(entry.shape().size());
        entry.shape().forEach(out::putInt);
        out.putInt(entry.records());
      }
    }
  }

  /** A tensor: its name, shape, and in how many records it is sealed. */
  record Entry(String name, List<Integer> shape, int records) {}

  /** An earlier mirror. */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  record Ancestor(long sequence, byte[] digest) {}

  /**
   * Writes it to the beginning of the bytes; returns its length.
   *
   * @param encodedSubject {@link Subject#encode} of the subject, made once for all mirrors
   */
  int encode(byte[] target, byte[] encodedSubject) {
    ByteBuffer out = ByteBuffer.wrap(target, 0, BYTES_MAX);
    out.putInt(FORMAT).put(job.bytes()).put(ownerKeyId.bytes()).putLong(epoch).putLong(sequence);
    out.put(salt).putLong(progress.iteration()).putLong(progress.seen());
    out.putDouble(progress.averageLoss()).put(encodedSubject).put(contents).putInt(ring.size());
    ring.forEach(ancestor -> out.putLong(ancestor.sequence()).put(ancestor.digest()));
    return out.position();
  }

  /** Reads bytes that were authenticated: what does not fit was written by another version. */
  static MirrorHeader decode(byte[] bytes, int length) {
    ByteBuffer in = ByteBuffer.wrap(bytes, 0, length);
    int format = in.getInt();
    if (format != FORMAT) {
      throw new MirrorException.OtherPlan("mirror format", format, FORMAT, "");
    }
    // Arguments are evaluated from left to right.
    return new MirrorHeader(
        Id128.of(run(in, Id128.BYTES)),
        Id128.of(run(in, Id128.BYTES)),
        in.getLong(),
        in.getLong(),
        run(in, SALT_BYTES),
        new Progress(in.getLong(), in.getLong(), in.getDouble()),
        new Subject(
            in.getLong(),
            in.getInt(),
            text(in),
            run(in, DIGEST_BYTES),
            text(in),
            list(in, () -> new Entry(text(in), list(in, in::getInt), in.getInt()))),
        run(in, DIGEST_BYTES),
        list(in, () -> new Ancestor(in.getLong(), run(in, DIGEST_BYTES))));
  }

  private static void text(ByteBuffer out, String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    out.putInt(utf8.length).put(utf8);
  }

  private static String text(ByteBuffer in) {
    return new String(run(in, in.getInt()), StandardCharsets.UTF_8);
  }

  private static byte[] run(ByteBuffer in, int length) {
    Objects.checkFromIndexSize(0, length, in.remaining());
    byte[] run = new byte[length];
    in.get(run);
    return run;
  }

  private static <T> List<T> list(ByteBuffer in, Supplier<T> next) {
    List<T> list = new ArrayList<>();
    for (int left = in.getInt(); left > 0; left--) {
      list.add(next.get());
    }
    return List.copyOf(list);
  }
}
