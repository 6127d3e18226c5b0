package plinius.system;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Known plaintext, and the search for it in anything: weights as runs of four floats in either byte
 * order, rows of pixels with at least twelve that are not zero, runs of 64 labels in the order of
 * their file, and keys.
 */
final class Needles {
  private static final int FLOATS = 4;
  private static final int SIDE = 28;
  private static final int INKED = 12;
  private static final int LABELS = 64;
  private static final int KEY_BYTES = 8;
  private static final int FILTER_BITS = 24;

  /** What is searched for, and where in it lie the eight bytes by which it is found. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Needle(String what, byte[] bytes, int keyAt) {}

  private final Map<Long, List<Needle>> byKey = new HashMap<>();
  private final BitSet filter = new BitSet(1 << FILTER_BITS);
  private final List<Needle> all = new ArrayList<>();
  private int longest;

  /** Every run of four different values of a tensor. */
  void addWeights(String name, float[] values) {
    for (int i = 0; i + FLOATS <= values.length; i++) {
      if (isTelling(values, i)) {
        for (ByteOrder order : List.of(ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN)) {
          ByteBuffer run = ByteBuffer.allocate(4 * FLOATS).order(order);
          run.asFloatBuffer().put(values, i, FLOATS);
          add("weights of " + name + " from " + i + ", " + order, run.array(), 0);
        }
      }
    }
  }

  private static boolean isTelling(float[] values, int at) {
    for (int i = at; i < at + FLOATS; i++) {
      for (int j = i + 1; j < at + FLOATS; j++) {
        if (values[i] == values[j]) {
          return false;
        }
      }
      if (values[i] == 0) {
        return false;
      }
    }
    return true;
  }

  /** Every telling row of the images of an IDX file. */
  void addImages(byte[] idx, int images) {
    for (int row = 0; row < images * SIDE; row++) {
      int from = 16 + row * SIDE;
      byte[] pixels = Arrays.copyOfRange(idx, from, from + SIDE);
      if (inked(pixels, 0, SIDE) >= INKED) {
        int best = 0;
        for (int at = 1; at + KEY_BYTES <= SIDE; at++) {
          best = inked(pixels, at, KEY_BYTES) > inked(pixels, best, KEY_BYTES) ? at : best;
        }
        add("row " + row % SIDE + " of image " + row / SIDE, pixels, best);
      }
    }
  }

  private static int inked(byte[] pixels, int from, int count) {
    int inked = 0;
    for (int i = from; i < from + count; i++) {
      inked += pixels[i] == 0 ? 0 : 1;
    }
    return inked;
  }

  /** Runs of labels of an IDX file. */
  void addLabels(byte[] idx) {
    for (int from = 8; from + LABELS <= idx.length; from += LABELS) {
      add("labels from " + (from - 8), Arrays.copyOfRange(idx, from, from + LABELS), 0);
    }
  }

  /** A key as bytes, in words of either byte order as ciphers keep it, and as text. */
  void addKey(String name, byte[] key) {
    // Half of it is enough to be found: what was read in pieces may be broken in the middle.
    byte[] half = Arrays.copyOf(key, key.length / 2);
    ByteBuffer swapped = ByteBuffer.allocate(half.length).order(ByteOrder.LITTLE_ENDIAN);
    swapped.asIntBuffer().put(ByteBuffer.wrap(half).asIntBuffer());
    add("key: " + name, half, 0);
    add("key: " + name + ", words swapped", swapped.array(), 0);
    addText("key: " + name + " in hexadecimal", HexFormat.of().formatHex(half));
    byte[] triples = Arrays.copyOf(key, 15);
    addText("key: " + name + " in base64", Base64.getEncoder().encodeToString(triples));
  }

  private void addText(String what, String text) {
    add(what, text.getBytes(StandardCharsets.US_ASCII), 0);
  }

  private void add(String what, byte[] bytes, int keyAt) {
    Needle needle = new Needle(what, bytes, keyAt);
    long key = ByteBuffer.wrap(bytes, keyAt, KEY_BYTES).getLong();
    byKey.computeIfAbsent(key, any -> new ArrayList<>()).add(needle);
    filter.set(hash(key));
    all.add(needle);
    longest = Math.max(longest, bytes.length);
  }

  private static int hash(long key) {
    return (int) ((key * 0x9E3779B97F4A7C15L) >>> (64 - FILTER_BITS));
  }

  int count() {
    return all.size();
  }

  /** Some of each kind, for a control to plant. */
  List<byte[]> some() {
    List<byte[]> chosen = new ArrayList<>();
    for (String kind : List.of("weights", "row", "labels", "key")) {
      all.stream()
          .filter(needle -> needle.what().startsWith(kind))
          .limit(2)
          .map(Needle::bytes)
          .forEach(chosen::add);
    }
    return chosen;
  }

  /** What of it a file holds, if anything. */
  Optional<String> in(Path file) {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      int overlap = Math.max(longest, KEY_BYTES);
      byte[] window = new byte[(1 << 20) + 2 * overlap];
      int kept = 0;
      while (true) {
        int read = in.readNBytes(window, kept, window.length - kept);
        int end = kept + read;
        Optional<String> found = in(window, end);
        if (found.isPresent() || read < window.length - kept) {
          return found.map(what -> file + ": " + what);
        }
        // A needle may lie across two reads.
        kept = 2 * overlap;
        System.arraycopy(window, end - kept, window, 0, kept);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Optional<String> in(byte[] bytes, int length) {
    long key = 0;
    for (int i = 0; i < length; i++) {
      key = (key << 8) | (bytes[i] & 0xff);
      if (i + 1 >= KEY_BYTES && filter.get(hash(key)) && byKey.containsKey(key)) {
        for (Needle needle : byKey.get(key)) {
          int from = i + 1 - KEY_BYTES - needle.keyAt();
          int to = from + needle.bytes().length;
          if (from >= 0
              && to <= length
              && Arrays.equals(bytes, from, to, needle.bytes(), 0, needle.bytes().length)) {
            return Optional.of(needle.what());
          }
        }
      }
    }
    return Optional.empty();
  }
}
