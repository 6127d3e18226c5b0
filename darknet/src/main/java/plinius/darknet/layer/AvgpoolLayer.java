package plinius.darknet.layer;

import java.util.Arrays;
import plinius.darknet.cfg.Section;

/** The mean of each channel over the image (darknet avgpool_layer.c at f6afaab). */
public final class AvgpoolLayer extends Layer {
  private final Shape in;

  /** The means of the output of the layer before. */
  public AvgpoolLayer(LayerCommon common, Section section, Shape in, Storage storage) {
    in.requireImage(section);
    super(common, new Shape(1, 1, in.c(), true), storage);
    this.in = in;
  }

  @Override
  public void forward(Pass pass) {
    int rows = in.h() * in.w();
    int channels = in.c();
    pass.run(
        shard -> {
          for (int image = pass.from(shard); image < pass.from(shard + 1); image++) {
            int at = image * channels;
            Arrays.fill(output, at, at + channels, 0);
            pass.kernels.channelSums(pass.input, at * rows, rows, channels, output, at);
            for (int c = at; c < at + channels; c++) {
              output[c] /= rows;
            }
          }
        });
  }

  @Override
  public void backward(Pass pass) {
    if (!pass.wantsInputDelta()) {
      return;
    }
    int rows = in.h() * in.w();
    int channels = in.c();
    float[] inputDelta = pass.inputDelta;
    pass.run(
        shard -> {
          for (int image = pass.from(shard); image < pass.from(shard + 1); image++) {
            for (int row = image * rows; row < (image + 1) * rows; row++) {
              for (int c = 0; c < channels; c++) {
                inputDelta[row * channels + c] += delta[image * channels + c] / rows;
              }
            }
          }
        });
  }
}
