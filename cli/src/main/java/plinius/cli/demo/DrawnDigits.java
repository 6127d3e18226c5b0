package plinius.cli.demo;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Handwritten-looking digits, drawn and never downloaded: each digit is a few strokes, bent by a
 * random affine map and an elastic deformation (Simard, Steinkraus, Platt, ICDAR 2003) and drawn
 * with a pen of random width. 28 x 28 grey pixels, ten classes, the same bytes for the same seed on
 * every machine: sums, products and StrictMath only.
 */
public final class DrawnDigits {
  /** Pixels of a side. */
  public static final int SIDE = 28;

  /** Number of classes. */
  public static final int CLASSES = 10;

  private static final int PIXELS = SIDE * SIDE;

  /** Pixels of a side of the box in which an undeformed digit lies, as in MNIST. */
  private static final double BOX = 20;

  private static final int POINTS_PER_SPAN = 5;

  /** Knots a side of the coarse field of displacements. */
  private static final int KNOTS = 5;

  /** Strokes (x, y, x, y, ...) in the unit square, y downwards; each is a smooth curve. */
  private static final double[][][] STROKES = {
    {
      {
        .50, .04, .30, .14, .20, .40, .22, .70, .38, .93, .58, .95, .76, .76, .80, .45, .70, .14,
        .50, .04
      }
    },
    {{.34, .26, .55, .05}, {.55, .05, .55, .95}},
    {{.20, .28, .30, .10, .50, .05, .72, .14, .76, .34, .60, .60, .20, .95}, {.20, .95, .82, .95}},
    {
      {.22, .16, .45, .05, .72, .16, .70, .38, .45, .48},
      {.45, .48, .75, .58, .78, .80, .52, .95, .20, .84}
    },
    {{.62, .05, .18, .66}, {.18, .66, .85, .66}, {.64, .35, .64, .97}},
    {
      {.78, .06, .30, .06},
      {.30, .06, .26, .45},
      {.26, .45, .52, .38, .78, .55, .74, .83, .48, .95, .20, .86}
    },
    {{.70, .06, .40, .25, .24, .60, .34, .90, .60, .94, .76, .74, .62, .54, .38, .56, .25, .72}},
    {{.20, .07, .80, .07}, {.80, .07, .55, .50, .42, .95}},
    {
      {
        .50, .48, .28, .30, .32, .10, .50, .05, .70, .12, .72, .30, .50, .48, .26, .70, .30, .90,
        .50, .96, .72, .90, .76, .68, .50, .48
      }
    },
    {{.74, .30, .60, .50, .36, .46, .26, .26, .42, .07, .66, .10, .75, .30, .72, .60, .60, .95}},
  };

  private final SplittableRandom random;

  /**
   * A generator of digits.
   *
   * @param seed equal seeds draw equal digits
   */
  public DrawnDigits(long seed) {
    random = new SplittableRandom(seed);
  }

  /**
   * Draws digits, as many of each class but for the remainder, into a pair of IDX files.
   *
   * @param images the file of images to write
   * @param labels the file of labels to write
   * @param count how many digits
   * @throws IOException if a file cannot be written
   */
  public void write(Path images, Path labels, int count) throws IOException {
    try (DataOutputStream pixels = open(images);
        DataOutputStream classes = open(labels)) {
      pixels.writeInt(0x0803);
      pixels.writeInt(count);
      pixels.writeInt(SIDE);
      pixels.writeInt(SIDE);
      classes.writeInt(0x0801);
      classes.writeInt(count);
      for (int i = 0; i < count; i++) {
        int digit = i % CLASSES;
        pixels.write(draw(digit));
        classes.write(digit);
      }
    }
  }

  /**
   * Draws one digit, another one at each call.
   *
   * @param digit 0 to 9
   * @return (28, 28) grey values, row-major, 255 = ink
   */
  public byte[] draw(int digit) {
    List<double[]> curves = new ArrayList<>();
    Deformation deformation = new Deformation(random);
    for (double[] stroke : STROKES[digit]) {
      double[] curve = smooth(stroke);
      for (int i = 0; i < curve.length; i += 2) {
        deformation.apply(curve, i);
      }
      curves.add(curve);
    }
    double radius = between(.8, 1.7);
    double ink = between(190, 255);

    byte[] image = new byte[PIXELS];
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        double nearest = Double.MAX_VALUE;
        for (double[] curve : curves) {
          nearest = Math.min(nearest, squaredDistance(curve, x + .5, y + .5));
        }
        double cover = Math.clamp(radius + .5 - Math.sqrt(nearest), 0, 1);
        image[y * SIDE + x] = (byte) (int) (cover * ink);
      }
    }
    return image;
  }

  private static DataOutputStream open(Path file) throws IOException {
    return new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file), 1 << 16));
  }

  private double between(double low, double high) {
    return low + (high - low) * random.nextDouble();
  }

  /** The Catmull-Rom curve through the points of a stroke. */
  private static double[] smooth(double[] stroke) {
    int points = stroke.length / 2;
    int spans = points - 1;
    double[] curve = new double[2 * (spans * POINTS_PER_SPAN + 1)];
    int at = 0;
    for (int span = 0; span < spans; span++) {
      for (int step = 0; step < POINTS_PER_SPAN; step++) {
        double t = (double) step / POINTS_PER_SPAN;
        for (int axis = 0; axis < 2; axis++) {
          double before = stroke[2 * Math.max(span - 1, 0) + axis];
          double from = stroke[2 * span + axis];
          double to = stroke[2 * (span + 1) + axis];
          double after = stroke[2 * Math.min(span + 2, points - 1) + axis];
          curve[at++] =
              .5
                  * (2 * from
                      + t * (to - before)
                      + t * t * (2 * before - 5 * from + 4 * to - after)
                      + t * t * t * (3 * from - before - 3 * to + after));
        }
      }
    }
    curve[at++] = stroke[2 * spans];
    curve[at] = stroke[2 * spans + 1];
    return curve;
  }

  private static double squaredDistance(double[] curve, double x, double y) {
    double nearest = Double.MAX_VALUE;
    for (int i = 0; i + 3 < curve.length; i += 2) {
      double dx = curve[i + 2] - curve[i];
      double dy = curve[i + 3] - curve[i + 1];
      double length = dx * dx + dy * dy;
      double along = (x - curve[i]) * dx + (y - curve[i + 1]) * dy;
      double t = length == 0 ? 0 : Math.clamp(along / length, 0, 1);
      double offX = curve[i] + t * dx - x;
      double offY = curve[i + 1] + t * dy - y;
      nearest = Math.min(nearest, offX * offX + offY * offY);
    }
    return nearest;
  }

  /** From the unit square to pixels: an affine map, then a smooth field of displacements. */
  private static final class Deformation {
    private final double xx;
    private final double xy;
    private final double yx;
    private final double yy;
    private final double shiftX;
    private final double shiftY;

    /** (KNOTS, KNOTS, 2) displacements in units of the box. */
    private final double[] field = new double[KNOTS * KNOTS * 2];

    Deformation(SplittableRandom random) {
      double angle = .2 * bell(random);
      double shear = .2 * bell(random);
      double scaleX = BOX * (.9 + .12 * bell(random));
      double scaleY = BOX * (1 + .08 * bell(random));
      double cos = StrictMath.cos(angle);
      double sin = StrictMath.sin(angle);
      xx = scaleX * cos;
      xy = scaleY * (shear * cos - sin);
      yx = scaleX * sin;
      yy = scaleY * (shear * sin + cos);
      shiftX = SIDE / 2.0 + 1.2 * bell(random);
      shiftY = SIDE / 2.0 + 1.2 * bell(random);
      for (int i = 0; i < field.length; i++) {
        field[i] = .06 * bell(random);
      }
    }

    /** Roughly normal, within -2.5 to 2.5: a sum of uniform numbers, the same bits everywhere. */
    private static double bell(SplittableRandom random) {
      double sum = 0;
      for (int i = 0; i < 4; i++) {
        sum += random.nextDouble();
      }
      return (sum - 2) * 1.25;
    }

    void apply(double[] points, int at) {
      double x = points[at];
      double y = points[at + 1];
      double bentX = x + displacement(x, y, 0) - .5;
      double bentY = y + displacement(x, y, 1) - .5;
      points[at] = xx * bentX + xy * bentY + shiftX;
      points[at + 1] = yx * bentX + yy * bentY + shiftY;
    }

    private double displacement(double x, double y, int axis) {
      double knotX = Math.clamp(x, 0, .999) * (KNOTS - 1);
      double knotY = Math.clamp(y, 0, .999) * (KNOTS - 1);
      int column = (int) knotX;
      int row = (int) knotY;
      double right = ease(knotX - column);
      double down = ease(knotY - row);
      double upper = mix(knot(row, column, axis), knot(row, column + 1, axis), right);
      double lower = mix(knot(row + 1, column, axis), knot(row + 1, column + 1, axis), right);
      return mix(upper, lower, down);
    }

    private double knot(int row, int column, int axis) {
      return field[(row * KNOTS + column) * 2 + axis];
    }

    private static double ease(double t) {
      return t * t * (3 - 2 * t);
    }

    private static double mix(double from, double to, double share) {
      return from + (to - from) * share;
    }
  }
}
