package plinius.darknet.layer;

import java.util.function.IntUnaryOperator;

/** Where the values of one order of an image lie in another. */
final class Places {
  private final int inCount;
  private final int outCount;
  private final int[] from; // for each place of out: the place of in

  private Places(int inCount, int outCount, int[] from) {
    this.inCount = inCount;
    this.outCount = outCount;
    this.from = from;
  }

  /**
   * An order.
   *
   * @param chw from a place of out in Darknet's (c, h, w) order to one of in; out may have more
   *     values than in, which stay 0
   */
  static Places of(Shape in, Shape out, IntUnaryOperator chw) {
    int[] from = new int[out.count()];
    for (int i = 0; i < from.length; i++) {
      int source = i < in.count() ? in.place(chw.applyAsInt(i)) : -1;
      from[out.place(i)] = source;
    }
    return new Places(in.count(), out.count(), from);
  }

  /** out = the values of in, in out's order. */
  void gather(Pass pass, float[] in, float[] out) {
    pass.run(
        shard -> {
          for (int image = pass.from(shard); image < pass.from(shard + 1); image++) {
            for (int i = 0; i < outCount; i++) {
              out[image * outCount + i] = from[i] < 0 ? 0 : in[image * inCount + from[i]];
            }
          }
        });
  }

  /** Adds the values of out to those of in that they came from. */
  void scatter(Pass pass, float[] out, float[] in) {
    pass.run(
        shard -> {
          for (int image = pass.from(shard); image < pass.from(shard + 1); image++) {
            for (int i = 0; i < outCount; i++) {
              if (from[i] >= 0) {
                in[image * inCount + from[i]] += out[image * outCount + i];
              }
            }
          }
        });
  }
}
