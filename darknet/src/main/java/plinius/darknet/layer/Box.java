package plinius.darknet.layer;

/**
 * A box by its middle and its sides, as shares of the image unless told otherwise (darknet box.c at
 * f6afaab).
 */
public record Box(float x, float y, float w, float h) {
  static Box of(float[] values, int at) {
    return new Box(values[at], values[at + 1], values[at + 2], values[at + 3]);
  }

  Box centred() {
    return new Box(0, 0, w, h);
  }

  /** Intersection over union. */
  public float iou(Box other) {
    float width = overlap(x, w, other.x, other.w);
    float height = overlap(y, h, other.y, other.h);
    float both = width < 0 || height < 0 ? 0 : width * height;
    return both / (w * h + other.w * other.h - both);
  }

  private static float overlap(float x1, float w1, float x2, float w2) {
    float left = Math.max(x1 - w1 / 2, x2 - w2 / 2);
    float right = Math.min(x1 + w1 / 2, x2 + w2 / 2);
    return right - left;
  }

  /** Root of the sum of the squared differences. */
  float rmse(Box other) {
    double dx = x - other.x;
    double dy = y - other.y;
    double dw = w - other.w;
    double dh = h - other.h;
    return (float) Math.sqrt(dx * dx + dy * dy + dw * dw + dh * dh);
  }

  /** Undoes a letterbox: from shares of the network's input to the picture's. */
  Box unboxed(int w, int h, int netW, int netH) {
    boolean wide = (float) netW / w < (float) netH / h;
    int newW = wide ? netW : w * netH / h;
    int newH = wide ? h * netW / w : netH;
    return new Box(
        (float) ((x - (netW - newW) / 2. / netW) / ((float) newW / netW)),
        (float) ((y - (netH - newH) / 2. / netH) / ((float) newH / netH)),
        this.w * ((float) netW / newW),
        this.h * ((float) netH / newH));
  }
}
