package plinius.darknet.layer;

import java.util.Arrays;
import java.util.Optional;

/**
 * A tensor that is trained: its values, the sum of its updates, and with Adam two running means.
 */
final class Parameter {
  private final Storage storage;
  private final boolean decays;
  private final NamedTensor values;
  private final NamedTensor updates;
  private final Optional<NamedTensor> mean; // with Adam: of the updates
  private final Optional<NamedTensor> square; // and of their squares

  /**
   * Asks for the tensors of a layer's parameter.
   *
   * @param tensor "weights", "biases" or "scales"
   * @param adam whether Adam updates it
   */
  Parameter(Site site, String tensor, boolean adam, int... shape) {
    storage = site.storage();
    decays = tensor.equals("weights");
    String name = site.name() + ".";
    String one =
        name + (tensor.equals("biases") ? "bias" : tensor.substring(0, tensor.length() - 1));
    NamedTensor.Role kept = NamedTensor.Role.OPTIMIZER;
    values = storage.slot(name + tensor, NamedTensor.Role.PARAMETER, shape);
    updates = storage.slot(one + "_updates", kept, shape);
    mean = adam ? Optional.of(storage.slot(one + "_m", kept, shape)) : Optional.empty();
    square = adam ? Optional.of(storage.slot(one + "_v", kept, shape)) : Optional.empty();
  }

  int at() {
    return values.offset();
  }

  int updatesAt() {
    return updates.offset();
  }

  int count() {
    return values.count();
  }

  void fill(float value) {
    Arrays.fill(storage.block(), at(), at() + count(), value);
  }

  /** Applies the updates. */
  void update(Pass pass, Step step, float learningRate) {
    if (mean.isPresent()) {
      pass.runChunks(count(), (from, to) -> adam(step, learningRate, from, to));
    } else {
      descend(pass, step, learningRate);
    }
  }

  /**
   * Gradient descent with momentum: updates -= decay * batch * values; values += rate / batch *
   * updates; updates *= momentum. Decay enters the momentum; biases and scales have none.
   */
  private void descend(Pass pass, Step step, float learningRate) {
    float rate = step.rate() * learningRate / step.batch();
    float decay = decays ? step.decay() * step.batch() : 0;
    float[] block = storage.block();
    pass.runChunks(
        count(),
        (from, to) -> {
          int at = at() + from;
          int uAt = updatesAt() + from;
          pass.kernels.sgd(rate, decay, step.momentum(), block, at, block, uAt, to - from);
        });
  }

  /**
   * Adam as Darknet's CUDA sources have it (blas_kernels.cu adam_update_gpu): not divided by the
   * batch, and with decay on biases and scales too.
   */
  private void adam(Step step, float learningRate, int from, int to) {
    float[] block = storage.block();
    Step.Adam adam = step.adam();
    float rate = step.rate() * learningRate;
    float keepMean = (float) (1 - StrictMath.pow(adam.b1(), adam.updates()));
    float keepSquare = (float) (1 - StrictMath.pow(adam.b2(), adam.updates()));
    for (int i = from; i < to; i++) {
      int m = mean.orElseThrow().offset() + i;
      int v = square.orElseThrow().offset() + i;
      float update = block[updatesAt() + i] - step.decay() * step.batch() * block[at() + i];
      block[m] = block[m] * adam.b1() + (1 - adam.b1()) * update;
      block[v] = block[v] * adam.b2() + (1 - adam.b2()) * (update * update);
      float root = (float) Math.sqrt(block[v] / keepSquare);
      block[at() + i] += rate * (block[m] / keepMean) / (root + adam.eps());
      block[updatesAt() + i] = 0;
    }
  }

  /** Keeps every value within [-limit, limit]. */
  void clip(float limit) {
    float[] block = storage.block();
    for (int i = at(); i < at() + count(); i++) {
      block[i] = Math.clamp(block[i], -limit, limit);
    }
  }
}
