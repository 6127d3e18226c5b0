package plinius.ingest;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import plinius.dataset.DataSetException;
import plinius.dataset.Label;
import plinius.dataset.SampleKind;

/** A PNG or JPEG file, brought to the one size that the samples of a set share. */
record Picture(BufferedImage image) {
  /** More pixels than any camera makes: decoded, 400 MB. */
  private static final long PIXELS_MAX = 100_000_000;

  static {
    System.setProperty("java.awt.headless", "true");
  }

  /** Decodes a file; its size is looked at before anything of that size is allocated. */
  static Picture read(Path file) {
    try {
      if (!Files.isRegularFile(file)) {
        throw new DataSetException.BadInput("there is no picture " + file);
      }
      try (ImageInputStream in = ImageIO.createImageInputStream(file.toFile())) {
        Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
        if (!readers.hasNext()) {
          throw bad(file, "it is no PNG or JPEG");
        }
        ImageReader reader = readers.next();
        try {
          reader.setInput(in, true, true);
          long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
          if (pixels > PIXELS_MAX) {
            throw bad(file, "it claims " + pixels + " pixels, more than " + PIXELS_MAX);
          }
          return new Picture(reader.read(0));
        } finally {
          reader.dispose();
        }
      }
    } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException e) {
      // The decoders let more than IOExceptions out where a file is damaged.
      throw bad(file, "it is damaged (" + e.getMessage() + ")");
    }
  }

  private static DataSetException.BadInput bad(Path file, String what) {
    return new DataSetException.BadInput("bad picture " + file + ": " + what);
  }

  /** Where the picture lies in the result: its corner and its size, in the result's pixels. */
  private record Place(double x, double y, double width, double height) {}

  private Place place(int height, int width, Fit fit) {
    double sx = (double) width / image.getWidth();
    double sy = (double) height / image.getHeight();
    double scale = fit == Fit.CROP ? Math.max(sx, sy) : Math.min(sx, sy);
    double w = scale * image.getWidth();
    double h = scale * image.getHeight();
    return new Place((width - w) / 2, (height - h) / 2, w, h);
  }

  /** Bytes (height, width, channels): red, green and blue, or their luminance. */
  byte[] pixels(SampleKind kind, Fit fit) {
    Place place = place(kind.height(), kind.width(), fit);
    byte[] pixels = new byte[kind.valueBytes()];
    int at = 0;
    for (int y = 0; y < kind.height(); y++) {
      for (int x = 0; x < kind.width(); x++) {
        int[] colour = mean(place, x, y);
        if (kind.channels() == 1) {
          // ITU-R BT.601, as Darknet's grayscale_image.
          double grey = .299 * colour[0] + .587 * colour[1] + .114 * colour[2];
          pixels[at++] = (byte) Math.round(grey);
        } else {
          for (int channel : colour) {
            pixels[at++] = (byte) channel;
          }
        }
      }
    }
    return pixels;
  }

  /** The mean colour of what a pixel of the result covers; grey outside of the picture. */
  private int[] mean(Place place, int x, int y) {
    double middleX = (x + .5 - place.x) / place.width;
    double middleY = (y + .5 - place.y) / place.height;
    if (middleX < 0 || middleX >= 1 || middleY < 0 || middleY >= 1) {
      return new int[] {128, 128, 128};
    }
    int[] columns = span(x - place.x, place.width, image.getWidth());
    int[] rows = span(y - place.y, place.height, image.getHeight());
    long[] sums = new long[3];
    for (int row = rows[0]; row < rows[1]; row++) {
      for (int column = columns[0]; column < columns[1]; column++) {
        int rgb = image.getRGB(column, row);
        sums[0] += (rgb >> 16) & 0xff;
        sums[1] += (rgb >> 8) & 0xff;
        sums[2] += rgb & 0xff;
      }
    }
    long count = (long) (rows[1] - rows[0]) * (columns[1] - columns[0]);
    int[] mean = new int[3];
    for (int i = 0; i < 3; i++) {
      mean[i] = (int) ((sums[i] + count / 2) / count);
    }
    return mean;
  }

  /** The picture's columns, or rows, that one pixel of the result covers: one at least. */
  private static int[] span(double from, double length, int count) {
    int first = Math.clamp((int) Math.floor((from + 1e-9) / length * count), 0, count - 1);
    int end = (int) Math.floor((from + 1 + 1e-9) / length * count);
    return new int[] {first, Math.clamp(end, first + 1, count)};
  }

  /** A box's shares of the picture as shares of the result, as much of it as is there. */
  Label.Box box(Label.Box box, int height, int width, Fit fit) {
    Place place = place(height, width, fit);
    double left = (place.x + (box.x() - box.w() / 2) * place.width) / width;
    double right = (place.x + (box.x() + box.w() / 2) * place.width) / width;
    double top = (place.y + (box.y() - box.h() / 2) * place.height) / height;
    double bottom = (place.y + (box.y() + box.h() / 2) * place.height) / height;
    left = Math.clamp(left, 0, 1);
    right = Math.clamp(right, 0, 1);
    top = Math.clamp(top, 0, 1);
    bottom = Math.clamp(bottom, 0, 1);
    return new Label.Box(
        box.category(),
        (float) ((left + right) / 2),
        (float) ((top + bottom) / 2),
        (float) (right - left),
        (float) (bottom - top));
  }

  /** How a picture's shape becomes another one. */
  enum Fit {
    /** Its middle, as much as fits. */
    CROP,
    /** The whole of it, on grey. */
    LETTERBOX
  }
}
