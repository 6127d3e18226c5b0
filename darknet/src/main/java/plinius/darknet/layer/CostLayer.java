package plinius.darknet.layer;

import java.util.Arrays;
import java.util.OptionalDouble;
import plinius.darknet.Quirk;
import plinius.darknet.Quirks;
import plinius.darknet.cfg.Section;

/**
 * Compares with the truth (darknet cost_layer.c, blas.c l2_cpu, l1_cpu, smooth_l1_cpu at f6afaab).
 * Its output is each value's loss; its delta is scaled on the way back.
 */
public final class CostLayer implements Layer {
  /** A truth of this value says that the value does not matter (darknet SECRET_NUM). */
  public static final float MASKED = -1234;

  private enum Type {
    SSE,
    MASKED,
    L1,
    SMOOTH
  }

  private final LayerCommon common;
  private final Shape out;
  private final Type type;
  private final float scale;
  private final boolean wrongSign;
  private final float[] output; // (batch, out)
  private final float[] delta; // (batch, out)
  private final double[] losses = new double[Pass.MAX_SHARDS];
  private double cost;

  /** A comparison of the output of the layer before. */
  public CostLayer(LayerCommon common, Section section, Shape in, Quirks quirks, Storage storage) {
    this.common = common;
    boolean cpu = quirks.has(Quirk.GPU_ONLY_OPTIONS_IGNORED);
    type =
        switch (section.word("type")) {
          case "sse" -> Type.SSE;
          case "masked" -> Type.MASKED;
          case "L1" -> Type.L1;
          case "smooth" -> Type.SMOOTH;
          default -> {
            if (!cpu) {
              throw section.refuse(
                  "type", "is not available in this version; sse, masked, L1 and smooth are.");
            }
            yield Type.SSE;
          }
        };
    if (!cpu) {
      if (section.decimal("ratio") != 0) {
        throw section.refuse("ratio", "is not available in this version.");
      }
      if (section.decimal("noobj") != 1) {
        throw section.refuse("noobj", "is not available in this version.");
      }
      if (section.decimal("thresh") != 0) {
        throw section.refuse("thresh", "is not available in this version.");
      }
    }
    scale = section.decimal("scale");
    wrongSign = quirks.has(Quirk.SMOOTH_L1_SIGN);
    out = new Shape(in.h(), in.w(), in.c(), false);
    output = storage.activations(out.count());
    delta = storage.activations(out.count());
  }

  @Override
  public void forward(Pass pass) {
    cost = 0;
    if (!pass.hasTruth()) {
      Arrays.fill(output, 0, pass.images * out.count(), 0);
      return;
    }
    pass.run(
        shard -> {
          double loss = 0;
          for (int i = pass.from(shard) * out.count();
              i < pass.from(shard + 1) * out.count();
              i++) {
            if (type == Type.MASKED && pass.truth[i] == MASKED) {
              pass.input[i] = MASKED;
            }
            compare(i, pass.truth[i] - pass.input[i]);
            loss += output[i];
          }
          losses[shard] = loss;
        });
    for (int shard = 0; shard < pass.shards; shard++) {
      cost += losses[shard];
    }
  }

  private void compare(int i, float difference) {
    float size = Math.abs(difference);
    switch (type) {
      case SSE, MASKED -> {
        output[i] = difference * difference;
        delta[i] = difference;
      }
      case L1 -> {
        output[i] = size;
        delta[i] = difference > 0 ? 1 : -1;
      }
      case SMOOTH -> {
        if (size < 1) {
          output[i] = difference * difference;
          delta[i] = difference;
        } else {
          output[i] = 2 * size - 1;
          delta[i] = (difference < 0) == wrongSign ? 1 : -1;
        }
      }
    }
  }

  @Override
  public void backward(Pass pass) {
    if (pass.wantsInputDelta()) {
      pass.run(
          shard -> {
            int from = pass.from(shard) * out.count();
            int to = pass.from(shard + 1) * out.count();
            pass.kernels.axpy(scale, delta, from, pass.inputDelta, from, to - from);
          });
    }
  }

  @Override
  public OptionalDouble cost() {
    return OptionalDouble.of(cost);
  }

  @Override
  public LayerCommon common() {
    return common;
  }

  @Override
  public Shape out() {
    return out;
  }

  @Override
  public float[] output() {
    return output;
  }

  @Override
  public float[] delta() {
    return delta;
  }
}
