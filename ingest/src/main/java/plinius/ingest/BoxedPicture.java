package plinius.ingest;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import plinius.dataset.DataSetException;
import plinius.dataset.Label;
import plinius.dataset.SampleKind;

/** A picture into which boxes are drawn, for people to look at. The owner's side. */
public final class BoxedPicture {
  private final BufferedImage image;

  private BoxedPicture(BufferedImage image) {
    this.image = image;
  }

  /** A PNG or JPEG file. */
  public static BoxedPicture of(Path file) {
    BufferedImage read = Picture.read(file).image();
    BufferedImage image =
        new BufferedImage(read.getWidth(), read.getHeight(), BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < read.getHeight(); y++) {
      for (int x = 0; x < read.getWidth(); x++) {
        image.setRGB(x, y, read.getRGB(x, y));
      }
    }
    return new BoxedPicture(image);
  }

  /** A sample: bytes (height, width, channels), 1 for grey or 3 for colour. */
  public static BoxedPicture of(byte[] values, SampleKind kind) {
    if (kind.channels() != 1 && kind.channels() != 3) {
      throw new DataSetException.BadInput(
          "samples with " + kind.channels() + " channels cannot be drawn, those with 1 or 3 can");
    }
    BufferedImage image =
        new BufferedImage(kind.width(), kind.height(), BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < kind.height(); y++) {
      for (int x = 0; x < kind.width(); x++) {
        int at = (y * kind.width() + x) * kind.channels();
        int green = kind.channels() == 3 ? at + 1 : at;
        int blue = kind.channels() == 3 ? at + 2 : at;
        image.setRGB(
            x,
            y,
            ((values[at] & 0xff) << 16) | ((values[green] & 0xff) << 8) | (values[blue] & 0xff));
      }
    }
    return new BoxedPicture(image);
  }

  /** Pixels of a row. */
  public int width() {
    return image.getWidth();
  }

  /** Pixels of a column. */
  public int height() {
    return image.getHeight();
  }

  /** A box as shares of this picture that was found in the sample which {@link Pictures} made. */
  public Label.Box fromLetterbox(Label.Box found, int height, int width) {
    double scale = Math.min((double) width / width(), (double) height / height());
    double w = scale * width();
    double h = scale * height();
    return new Label.Box(
        found.category(),
        (float) ((found.x() * width - (width - w) / 2) / w),
        (float) ((found.y() * height - (height - h) / 2) / h),
        (float) (found.w() * width / w),
        (float) (found.h() * height / h));
  }

  /** Draws a box's border, in its class's colour; what is beyond the picture is left out. */
  public void draw(Label.Box box) {
    // As wide as the original's.
    int pen = Math.max(1, (int) (height() * .006));
    int left = (int) ((box.x() - box.w() / 2) * width());
    int right = (int) ((box.x() + box.w() / 2) * width());
    int top = (int) ((box.y() - box.h() / 2) * height());
    int bottom = (int) ((box.y() + box.h() / 2) * height());
    int colour = colour(box.category());
    for (int y = Math.max(0, top); y <= Math.min(bottom, height() - 1); y++) {
      for (int x = Math.max(0, left); x <= Math.min(right, width() - 1); x++) {
        boolean inside = x >= left + pen && x <= right - pen && y >= top + pen && y <= bottom - pen;
        if (!inside) {
          image.setRGB(x, y, colour);
        }
      }
    }
  }

  /** Bright, and of neighbouring classes as different as can be. */
  static int colour(int category) {
    return Color.HSBtoRGB((float) (category * .618033988749895 % 1), .9f, 1) & 0xffffff;
  }

  /** Writes it as a PNG file. */
  public void write(Path png) throws IOException {
    writePng(image, png);
  }

  static void writePng(BufferedImage image, Path png) throws IOException {
    if (!ImageIO.write(image, "png", png.toFile())) {
      throw new IOException("this JDK writes no PNG");
    }
  }
}
