package plinius.enclave.mirror;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import plinius.seal.Id128;

/**
 * What a mirror says about itself: sealed last, as its own record, and bound to everything else by
 * the digest over all tags. Big-endian; layout in docs/design/mirror-format.md.
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
    long seed,
    int shards,
    String plan,
    byte[] cfgDigest,
    String canonicalCfg,
    List<Entry> entries,
    byte[] contents,
    List<Ancestor> ring) {

  static final int FORMAT = 1;
  static final int RING_ENTRIES = 64;
  static final int SALT_BYTES = 16;
  static final int DIGEST_BYTES = 32;
  static final int BYTES_MAX = 256 * 1024;

  /** A tensor: its name, shape, and in how many records it is sealed. */
  record Entry(String name, List<Integer> shape, int records) {}

  /** An earlier mirror. */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  record Ancestor(long sequence, byte[] digest) {}

  byte[] encode() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(FORMAT);
      out.write(job.bytes());
      out.write(ownerKeyId.bytes());
      out.writeLong(epoch);
      out.writeLong(sequence);
      out.write(salt);
      out.writeLong(progress.iteration());
      out.writeLong(progress.seen());
      out.writeLong(Double.doubleToRawLongBits(progress.averageLoss()));
      out.writeLong(seed);
      out.writeInt(shards);
      text(out, plan);
      out.write(cfgDigest);
      text(out, canonicalCfg);
      out.writeInt(entries.size());
      for (Entry entry : entries) {
        text(out, entry.name());
        out.writeInt(entry.shape().size());
        for (int extent : entry.shape()) {
          out.writeInt(extent);
        }
        out.writeInt(entry.records());
      }
      out.write(contents);
      out.writeInt(ring.size());
      for (Ancestor ancestor : ring) {
        out.writeLong(ancestor.sequence());
        out.write(ancestor.digest());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (bytes.size() > BYTES_MAX) {
      throw new IllegalArgumentException(
          "the mirror's header would have %d bytes, the most is %d: the configuration is too long"
              .formatted(bytes.size(), BYTES_MAX));
    }
    return bytes.toByteArray();
  }

  /** Reads bytes that were authenticated: what does not fit was written by another version. */
  static MirrorHeader decode(byte[] bytes, int length) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes, 0, length))) {
      int format = in.readInt();
      if (format != FORMAT) {
        throw new MirrorException.OtherPlan("mirror format", format, FORMAT);
      }
      Id128 job = Id128.of(in.readNBytes(Id128.BYTES));
      Id128 ownerKeyId = Id128.of(in.readNBytes(Id128.BYTES));
      long epoch = in.readLong();
      long sequence = in.readLong();
      byte[] salt = in.readNBytes(SALT_BYTES);
      Progress progress =
          new Progress(in.readLong(), in.readLong(), Double.longBitsToDouble(in.readLong()));
      long seed = in.readLong();
      int shards = in.readInt();
      String plan = text(in);
      byte[] cfgDigest = in.readNBytes(DIGEST_BYTES);
      String canonicalCfg = text(in);
      List<Entry> entries = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) {
        String name = text(in);
        List<Integer> shape = new ArrayList<>();
        for (int axes = in.readInt(); axes > 0; axes--) {
          shape.add(in.readInt());
        }
        entries.add(new Entry(name, List.copyOf(shape), in.readInt()));
      }
      byte[] contents = in.readNBytes(DIGEST_BYTES);
      List<Ancestor> ring = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) {
        ring.add(new Ancestor(in.readLong(), in.readNBytes(DIGEST_BYTES)));
      }
      return new MirrorHeader(
          job,
          ownerKeyId,
          epoch,
          sequence,
          salt,
          progress,
          seed,
          shards,
          plan,
          cfgDigest,
          canonicalCfg,
          List.copyOf(entries),
          contents,
          List.copyOf(ring));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void text(DataOutputStream out, String text) throws IOException {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(utf8.length);
    out.write(utf8);
  }

  private static String text(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > BYTES_MAX) {
      throw new IOException("a text of " + length + " bytes");
    }
    return new String(in.readNBytes(length), StandardCharsets.UTF_8);
  }
}
