package plinius.darknet.layer;

import java.util.Arrays;

/** The mean of each channel over the image (darknet avgpool_layer.c at f6afaab). */
final class AvgpoolLayer extends Layer {
  AvgpoolLayer(Site site) {
    super(site, new Shape(1, 1, site.image().c(), true));
  }

  @Override
  public void forward(Pass pass) {
    int rows = in.h() * in.w();
    int channels = in.c();
    pass.eachImage(
        image -> {
          int at = image * channels;
          Arrays.fill(output, at, at + channels, 0);
          pass.kernels.channelSums(pass.input, at * rows, rows, channels, output, at);
          for (int c = at; c < at + channels; c++) {
            output[c] /= rows;
          }
        });
  }

  @Override
  void addInputDelta(Pass pass) {
    int rows = in.h() * in.w();
    int channels = in.c();
    float[] inputDelta = pass.inputDelta;
    pass.eachImage(
        image -> {
          for (int row = image * rows; row < (image + 1) * rows; row++) {
            for (int c = 0; c < channels; c++) {
              inputDelta[row * channels + c] += delta[image * channels + c] / rows;
            }
          }
        });
  }
}
