package plinius.dataset;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReferenceArray;
import plinius.seal.KeyDerivation;
import plinius.seal.KeyedDigest;
import plinius.seal.SecretBytes;

/**
 * In which order the samples are used: position 0, 1, 2, ... without end, each pass over the data a
 * permutation of its own, a pure function of key, count and position. Nothing is consumed, so a
 * resumed run goes on exactly where the last one was. Thread-safe.
 *
 * <p>A permutation is an alternating Feistel network over Z_a x Z_b with a * b just above count,
 * and cycle walking for the few values beyond (Black and Rogaway, CT-RSA 2002, method FE1 with
 * HMAC-SHA256). As a and b are near the root of count, the round functions are tables, filled once
 * a pass.
 */
public final class SampleOrder {
  private static final int ROUNDS = 10;
  private static final int WORDS_PER_DIGEST = KeyedDigest.BYTES / Long.BYTES;

  private final SecretBytes key;
  private final long count;
  private final int a;
  private final int b;
  // Two: workers may stand on both sides of the border between two passes.
  private final AtomicReferenceArray<Pass> passes = new AtomicReferenceArray<>(2);

  /**
   * Copies the key: the caller closes its own.
   *
   * @param count of the samples
   */
  public SampleOrder(SecretBytes orderKey, long count) {
    if (count < 1 || count > DataLayout.RECORDS_MAX) {
      throw new IllegalArgumentException(
          "an order has 1 to " + DataLayout.RECORDS_MAX + " samples, got " + count);
    }
    this.key = orderKey.duplicate();
    this.count = count;
    // Exact enough: any a near the root will do.
    this.a = (int) Math.ceil(Math.sqrt((double) count));
    this.b = (int) Math.ceilDiv(count, a);
  }

  /** The index of the sample at a position. */
  public long at(long position) {
    if (position < 0) {
      throw new IllegalArgumentException("a position is 0 or more, got " + position);
    }
    Pass pass = pass(position / count);
    long index = position % count;
    do {
      index = pass.permute(index);
    } while (index >= count); // ends: the walk stays on the cycle of a value below count
    return index;
  }

  private Pass pass(long number) {
    int slot = (int) (number & 1);
    Pass pass = passes.get(slot);
    if (pass == null || pass.number != number) {
      pass = new Pass(number);
      passes.set(slot, pass);
    }
    return pass;
  }

  /** One pass's permutation of [0, a * b). Immutable. */
  private final class Pass {
    private final long number;
    private final int[][] tables = new int[ROUNDS][];

    Pass(long number) {
      this.number = number;
      try (SecretBytes passKey =
              KeyDerivation.derive(
                  key, new byte[0], "plinius/sample-order-pass", KeyDerivation.part(number));
          KeyedDigest digest = new KeyedDigest(passKey)) {
        for (int round = 0; round < ROUNDS; round++) {
          // Even rounds add to the left, in Z_a, what the right, in Z_b, chooses; odd the other
          // way.
          boolean even = round % 2 == 0;
          tables[round] = table(digest, round, even ? b : a, even ? a : b);
        }
      }
    }

    private static int[] table(KeyedDigest digest, int round, int entries, int modulus) {
      int[] table = new int[entries];
      byte[] input = new byte[2 * Integer.BYTES];
      for (int from = 0; from < entries; from += WORDS_PER_DIGEST) {
        ByteBuffer.wrap(input).putInt(round).putInt(from / WORDS_PER_DIGEST);
        ByteBuffer words = ByteBuffer.wrap(digest.update(input).finish());
        for (int i = from; i < Math.min(entries, from + WORDS_PER_DIGEST); i++) {
          // 64 bits modulo at most 2^17: the bias is below 2^-46.
          table[i] = (int) Long.remainderUnsigned(words.getLong(), modulus);
        }
      }
      return table;
    }

    long permute(long value) {
      int left = (int) (value / b);
      int right = (int) (value % b);
      for (int round = 0; round < ROUNDS; round += 2) {
        left = (left + tables[round][right]) % a;
        right = (right + tables[round + 1][left]) % b;
      }
      return (long) left * b + right;
    }
  }
}
