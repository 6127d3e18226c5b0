package plinius.enclave.pmdata;

import java.util.Arrays;
import plinius.darknet.Network;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.data.Chance;
import plinius.kernel.CounterRandom;

/**
 * Batches for a network that predicts the next character (rnn.c get_rnn_data): several streams
 * through the text, each from a place of its own and round and round; rows are ordered [time step]
 * [stream]. The original moves a stream elsewhere now and then; here each goes on where its last
 * batch ended, so that a recurrent state that is carried over always belongs to what it is given.
 */
final class TextBatches extends BatchSource {
  private final Text text;
  private final int steps;
  private final CounterRandom random;

  TextBatches(PmData data, CfgFile cfg, Network network, CounterRandom random) {
    text = new Text(data, network);
    steps = cfg.net().integer("time_steps");
    this.random = random;
  }

  @Override
  void fill(long position, int rows, float[] input, float[] truth) {
    int streams = rows / steps;
    int characters = input.length / rows;
    long batch = position / rows;
    Arrays.fill(input, 0);
    Arrays.fill(truth, 0);
    byte[] piece = new byte[steps + 1];
    for (int stream = 0; stream < streams; stream++) {
      // Two draws, because one has 24 bits and a text may be longer than that.
      double place =
          random.uniform(Chance.TEXT, 0, 2L * stream)
              + 0x1p-24 * random.uniform(Chance.TEXT, 0, 2L * stream + 1);
      long start = (long) (place * text.length());
      text.copy((start + batch * steps) % text.length(), piece);
      for (int step = 0; step < steps; step++) {
        int row = (step * streams + stream) * characters;
        input[row + (piece[step] & 0xff)] = 1;
        truth[row + (piece[step + 1] & 0xff)] = 1;
      }
    }
    Arrays.fill(piece, (byte) 0);
  }
}
