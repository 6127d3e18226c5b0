package plinius.darknet.data;

import java.util.Optional;
import plinius.darknet.cfg.Section;

/**
 * What Darknet's classifier does to an image before it is trained on (data.c
 * load_image_augment_paths, image.c random_augment_image): a random part, rotated and stretched,
 * flipped every other time, in changed colours.
 *
 * @param height of the result, in pixels
 * @param width of the result
 * @param low least length of the image's shorter side before the part is taken, in pixels
 * @param high greatest length of it
 * @param angle most degrees to rotate by
 * @param aspect most factor to stretch by, or 1 divided by it
 * @param colours how they change
 * @param center whether to take the middle instead of a random part
 */
public record Augmentation(
    int height,
    int width,
    int low,
    int high,
    float angle,
    float aspect,
    Colours colours,
    boolean center) {
  /**
   * What section [net] asks for; nothing if all its keys have their defaults, where the original
   * always augments: images are then trained on as they are.
   */
  public static Optional<Augmentation> of(Section net, int height, int width) {
    float high = ratio(net, "max", width, 2 * width);
    float low = ratio(net, "min", width, width);
    float angle = net.decimal("angle");
    float aspect = net.decimal("aspect");
    Colours colours = Colours.of(net);
    boolean center = net.flag("center");
    Augmentation asked =
        new Augmentation(height, width, (int) low, (int) high, angle, aspect, colours, center);
    Augmentation none =
        new Augmentation(height, width, width, 2 * width, 0, 1, new Colours(0, 1, 1), false);
    return Optional.of(asked).filter(found -> !found.equals(none));
  }

  /** Either as a share of the width, or in pixels. */
  private static float ratio(Section net, String side, int width, int otherwise) {
    float ratio = net.decimal(side + "_ratio");
    int crop = net.integer(side + "_crop");
    return ratio != 0 ? ratio * width : crop != 0 ? crop : otherwise;
  }

  /** The whole of it, in the original's order. */
  public Image augment(Image image, Chance chance) {
    Image part = center ? image.centerCrop(height, width) : part(image, chance);
    if (chance.below(2) == 1) {
      part.flip();
    }
    colours.distort(part, chance);
    return part;
  }

  Image part(Image image, Chance chance) {
    float stretch = chance.scale(aspect);
    int least = Math.min(low, high);
    int side = chance.below(Math.max(low, high) - least + 1) + least;
    // The original assigns the stretched width to an integer.
    float stretched = image.w() * stretch;
    int shorter = Math.max(1, image.h() < stretched ? image.h() : (int) stretched);
    float scale = (float) side / shorter;
    float radians = (float) (chance.between(-angle, angle) * (2 * Math.PI) / 360.);
    float dx = (float) ((image.w() * scale / stretch - width) / 2.);
    // Its height is compared with the width, too: the same wherever networks are square.
    float dy = (float) ((image.h() * scale - width) / 2.);
    dx = chance.between(-dx, dx);
    dy = chance.between(-dy, dy);
    return image.rotateCrop(radians, scale, height, width, dx, dy, stretch);
  }
}
