package plinius.darknet.layer;

/**
 * Gradient descent with momentum and decay, as all of Darknet's update functions on the CPU do it.
 */
final class Descent {
  private Descent() {}

  /**
   * updates -= decay * batch * values; values += rate / batch * updates; updates *= momentum. Decay
   * enters the momentum; biases and scales have none.
   */
  static void update(
      Pass pass,
      Step step,
      LayerCommon common,
      float decay,
      float[] block,
      Slot values,
      Slot updates) {
    float rate = step.rate() * common.learningRate() / step.batch();
    pass.runChunks(
        values.count(),
        (from, count) ->
            pass.kernels.sgd(
                rate,
                decay * step.batch(),
                step.momentum(),
                block,
                values.offset() + from,
                block,
                updates.offset() + from,
                count));
  }
}
