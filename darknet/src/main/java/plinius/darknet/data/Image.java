package plinius.darknet.data;

import java.util.Arrays;

/**
 * An image and Darknet's operations on it (image.c at f6afaab), each rounding where the original
 * does, so that the results are its bits.
 *
 * @param values (h, w, c), usually 0 to 1; shared, and changed by the operations that return
 *     nothing
 */
@SuppressWarnings("ArrayRecordComponent") // a view of a batch or of a scratch area
public record Image(int h, int w, int c, float[] values) {
  public Image {
    if (h < 1 || w < 1 || c < 1 || values.length != Math.multiplyExact(h * c, w)) {
      throw new IllegalArgumentException(
          "an image of %d x %d x %d has not %d values".formatted(h, w, c, values.length));
    }
  }

  /** A black one. */
  public Image(int h, int w, int c) {
    this(h, w, c, new float[Math.multiplyExact(h * c, w)]);
  }

  private float at(int x, int y, int k) {
    return values[(y * w + x) * c + k];
  }

  /** A task over one pixel, whose channels begin at {@code at} of the values. */
  private interface Pixel {
    void see(int x, int y, int at);
  }

  private void each(Pixel task) {
    for (int y = 0; y < h; y++) {
      for (int x = 0; x < w; x++) {
        task.see(x, y, (y * w + x) * c);
      }
    }
  }

  /** 0 outside. */
  private float orZero(int x, int y, int k) {
    return x < 0 || x >= w || y < 0 || y >= h ? 0 : at(x, y, k);
  }

  /** The channels of a place between pixels. */
  private void bilinear(float x, float y, float[] into, int at) {
    int left = (int) StrictMath.floor(x);
    int top = (int) StrictMath.floor(y);
    float dx = x - left;
    float dy = y - top;
    for (int k = 0; k < c; k++) {
      into[at + k] =
          (1 - dy) * (1 - dx) * orZero(left, top, k)
              + dy * (1 - dx) * orZero(left, top + 1, k)
              + (1 - dy) * dx * orZero(left + 1, top, k)
              + dy * dx * orZero(left + 1, top + 1, k);
    }
  }

  /** Linear in both directions, corners on corners. */
  public Image resize(int height, int width) {
    Image part = new Image(h, width, c);
    float xScale = (float) (w - 1) / (width - 1);
    part.each(
        (x, y, to) -> {
          boolean last = x == width - 1 || w == 1;
          float sx = x * xScale;
          int left = last ? w - 1 : (int) sx;
          float dx = sx - left;
          for (int k = 0; k < c; k++) {
            float value = at(left, y, k);
            part.values[to + k] = last ? value : (1 - dx) * value + dx * at(left + 1, y, k);
          }
        });
    Image resized = new Image(height, width, c);
    float yScale = (float) (h - 1) / (height - 1);
    int row = width * c;
    for (int y = 0; y < height; y++) {
      float sy = y * yScale;
      boolean last = y == height - 1 || h == 1;
      int top = h == 1 ? 0 : (int) sy;
      float dy = h == 1 ? 0 : sy - top;
      for (int i = 0; i < row; i++) {
        float value = (1 - dy) * part.values[top * row + i];
        resized.values[y * row + i] = last ? value : value + dy * part.values[(top + 1) * row + i];
      }
    }
    return resized;
  }

  /** The whole image in the middle of a grey one. */
  public Image letterbox(int height, int width) {
    boolean wide = (float) width / w < (float) height / h;
    int newWidth = wide ? width : (int) ((long) w * height / h);
    int newHeight = wide ? (int) ((long) h * width / w) : height;
    Image small = resize(Math.max(1, newHeight), Math.max(1, newWidth));
    Image boxed = grey(height, width, c);
    int row = small.w * c;
    for (int y = 0; y < small.h; y++) {
      int to = ((y + (height - small.h) / 2) * width + (width - small.w) / 2) * c;
      System.arraycopy(small.values, y * row, boxed.values, to, row);
    }
    return boxed;
  }

  static Image grey(int height, int width, int channels) {
    Image grey = new Image(height, width, channels);
    Arrays.fill(grey.values, .5f);
    return grey;
  }

  /** A part; outside of the image its border goes on. */
  Image crop(int dx, int dy, int height, int width) {
    Image cropped = new Image(height, width, c);
    cropped.each(
        (x, y, to) -> {
          int fromX = Math.clamp(x + dx, 0, w - 1);
          int fromY = Math.clamp(y + dy, 0, h - 1);
          System.arraycopy(values, (fromY * w + fromX) * c, cropped.values, to, c);
        });
    return cropped;
  }

  /** The largest square in the middle, resized. */
  public Image centerCrop(int height, int width) {
    int side = Math.min(w, h);
    return crop((w - side) / 2, (h - side) / 2, side, side).resize(height, width);
  }

  /**
   * A rotated and scaled part around the middle; 0 outside of the image.
   *
   * @param radians by which to rotate
   * @param scale enlarges the image, before the part is taken
   * @param dx distance of the part's middle from the image's, in the part's pixels
   * @param aspect stretches the image's rows
   */
  Image rotateCrop(
      float radians, float scale, int height, int width, float dx, float dy, float aspect) {
    Image part = new Image(height, width, c);
    float cx = (float) (w / 2.);
    float cy = (float) (h / 2.);
    double cos = StrictMath.cos(radians);
    double sin = StrictMath.sin(radians);
    part.each(
        (x, y, to) -> {
          double v = (y - height / 2.) / scale + dy / scale;
          double u = (x - width / 2.) / scale * aspect + dx / scale * aspect;
          float fromX = (float) (cos * u - sin * v + cx);
          float fromY = (float) (sin * u + cos * v + cy);
          bilinear(fromX, fromY, part.values, to);
        });
    return part;
  }

  /** Puts this image, resized, onto a canvas; what is beyond the canvas is left out. */
  void place(int width, int height, int dx, int dy, Image canvas) {
    canvas.each(
        (x, y, to) -> {
          if (x >= dx && x - dx < width && y >= dy && y - dy < height) {
            float fromX = (float) (x - dx) / width * w;
            float fromY = (float) (y - dy) / height * h;
            bilinear(fromX, fromY, canvas.values, to);
          }
        });
  }

  /** Exchanges left and right. */
  void flip() {
    each(
        (x, y, at) -> {
          int other = at + (w - 1 - 2 * x) * c;
          for (int k = 0; x < w / 2 && k < c; k++) {
            float left = values[at + k];
            values[at + k] = values[other + k];
            values[other + k] = left;
          }
        });
  }

  /** Changes the colours; of an image without, only the exposure. */
  void distort(float hue, float saturation, float exposure) {
    if (c == 3) {
      rgbToHsv();
      for (int i = 0; i < values.length; i += 3) {
        float turned = values[i] + hue;
        turned = turned > 1 ? turned - 1 : turned;
        values[i] = turned < 0 ? turned + 1 : turned;
        values[i + 1] *= saturation;
        values[i + 2] *= exposure;
      }
      hsvToRgb();
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.clamp(c == 3 ? values[i] : values[i] * exposure, 0f, 1f);
    }
  }

  void rgbToHsv() {
    for (int i = 0; i < values.length; i += 3) {
      float r = values[i];
      float g = values[i + 1];
      float b = values[i + 2];
      float max = Math.max(r, Math.max(g, b));
      float delta = max - Math.min(r, Math.min(g, b));
      float hue = 0;
      // Darknet divides 0 by 0 for greys, whose hue nobody looks at.
      if (max != 0 && delta != 0) {
        if (r == max) {
          hue = (g - b) / delta;
        } else if (g == max) {
          hue = 2 + (b - r) / delta;
        } else {
          hue = 4 + (r - g) / delta;
        }
        hue = (float) ((hue < 0 ? hue + 6 : hue) / 6.);
      }
      values[i] = hue;
      values[i + 1] = max == 0 ? 0 : delta / max;
      values[i + 2] = max;
    }
  }

  void hsvToRgb() {
    for (int i = 0; i < values.length; i += 3) {
      float hue = 6 * values[i];
      float s = values[i + 1];
      float v = values[i + 2];
      int sector = (int) StrictMath.floor(hue);
      float f = hue - sector;
      float p = v * (1 - s);
      float q = v * (1 - s * f);
      float t = v * (1 - s * (1 - f));
      switch (s == 0 ? -1 : sector) {
        case -1 -> set(i, v, v, v);
        case 0 -> set(i, v, t, p);
        case 1 -> set(i, q, v, p);
        case 2 -> set(i, p, v, t);
        case 3 -> set(i, p, q, v);
        case 4 -> set(i, t, p, v);
        default -> set(i, v, p, q);
      }
    }
  }

  private void set(int at, float r, float g, float b) {
    values[at] = r;
    values[at + 1] = g;
    values[at + 2] = b;
  }
}
