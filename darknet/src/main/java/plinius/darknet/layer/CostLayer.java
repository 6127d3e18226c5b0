package plinius.darknet.layer;

import java.util.Arrays;

/**
 * Compares with the truth (darknet cost_layer.c, blas.c l2_cpu, l1_cpu, smooth_l1_cpu at f6afaab).
 * Its output is each value's loss; its delta is scaled on the way back. The types seg and wgan, and
 * noobj, thresh and smooth, are those of the CUDA sources; ratio changes nothing there either.
 */
public class CostLayer extends ComparingLayer {
  /** A truth of this value says that the value does not matter (darknet SECRET_NUM). */
  public static final float MASKED = -1234;

  private final String type = section.word("type");
  private final float scale = section.decimal("scale");
  private final float noObject = section.decimal("noobj");
  private final float least = section.decimal("thresh") / out.count();
  private final float smooth = section.decimal("smooth");

  CostLayer(Site site) {
    super(site, site.in().asList());
  }

  @Override
  public void forward(Pass pass) {
    int count = out.count();
    if (!pass.hasTruth()) {
      Arrays.fill(output, 0, pass.images * count, 0);
      cost = 0;
      return;
    }
    pass.eachShard(
        count,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            float truth = truth(pass, i);
            if (type.equals("masked") && truth == MASKED) {
              pass.input[i] = MASKED;
            } else if (smooth != 0) {
              truth = truth * (1 - smooth) + smooth / count;
            }
            compare(i, pass.input[i], truth);
          }
        });
    cost = sum(pass, output);
  }

  private void compare(int i, float value, float truth) {
    float difference = truth - value;
    float size = Math.abs(difference);
    boolean small = type.equals("smooth") && size < 1;
    switch (small ? "sse" : type) {
      case "L1" -> {
        output[i] = size;
        delta[i] = difference > 0 ? 1 : -1;
      }
      case "smooth" -> {
        output[i] = 2 * size - 1;
        delta[i] = difference < 0 ? -1 : 1;
      }
      case "wgan" -> {
        output[i] = truth == 0 ? value : -value;
        delta[i] = truth > 0 ? 1 : -1;
      }
      default -> {
        float weight = type.equals("seg") && truth == 0 ? noObject : 1;
        output[i] = weight * (difference * difference);
        delta[i] = weight * difference;
      }
    }
    if (Math.abs(delta[i]) < least) {
      delta[i] = 0;
    }
  }

  @Override
  void addInputDelta(Pass pass) {
    pass.eachShard(
        out.count(),
        (from, to) -> pass.kernels.axpy(scale, delta, from, pass.inputDelta, from, to - from));
  }
}
