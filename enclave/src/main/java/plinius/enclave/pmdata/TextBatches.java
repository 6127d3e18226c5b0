package plinius.enclave.pmdata;

import java.util.Arrays;
import plinius.darknet.BatchLoader;
import plinius.darknet.Network;
import plinius.darknet.data.Chance;
import plinius.kernel.CounterRandom;

/**
 * Batches for a network that predicts the next character (rnn.c get_rnn_data): several streams
 * through the text, each from a place of its own and round and round; rows are ordered [time step]
 * [stream]. A stream goes on where its last batch ended, but once in a while it goes on elsewhere,
 * and its recurrent state begins anew.
 */
record TextBatches(Network network, Text text, int steps, CounterRandom random)
    implements BatchLoader {
  /** Batches after which a stream goes on elsewhere, in the mean. */
  private static final int STAY = 64;

  @Override
  public void load(long position, int rows, float[] input, float[] truth) {
    int streams = rows / steps;
    int characters = input.length / rows;
    long batch = position / rows;
    Arrays.fill(input, 0);
    Arrays.fill(truth, 0);
    byte[] piece = new byte[steps + 1];
    for (int stream = 0; stream < streams; stream++) {
      long since = came(stream, batch);
      if (since == batch) {
        network.resetState(stream);
      }
      // Two draws, because one has 24 bits and a text may be longer than that.
      double place =
          random.uniform(Chance.TEXT, since, 2L * stream)
              + 0x1p-24 * random.uniform(Chance.TEXT, since, 2L * stream + 1);
      long start = (long) (place * text.length());
      text.copy((start + (batch - since) * steps) % text.length(), piece);
      for (int step = 0; step < steps; step++) {
        int row = (step * streams + stream) * characters;
        input[row + (piece[step] & 0xff)] = 1;
        truth[row + (piece[step + 1] & 0xff)] = 1;
      }
    }
    Arrays.fill(piece, (byte) 0);
  }

  /**
   * The batch in which a stream came to where it is: found by looking back, so that none counts.
   */
  private long came(int stream, long batch) {
    long since = batch;
    while (since > 0 && random.uniform(Chance.TEXT_MOVES, since, stream) * STAY >= 1) {
      since--;
    }
    return since;
  }
}
