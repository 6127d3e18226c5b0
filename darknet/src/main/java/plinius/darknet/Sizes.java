package plinius.darknet;

import java.util.Optional;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.cfg.Section;
import plinius.kernel.Draws;

/**
 * The sizes of the images that a detector with random=1 is trained on (detector.c train_detector at
 * f6afaab): another one every ten iterations, the largest in the last 200. A function of seed and
 * iteration.
 *
 * @param least length of a side in pixels
 * @param most length of a side
 * @param end iterations of the whole training; 0 = not known
 */
record Sizes(int least, int most, int end) {
  /** Pixels from one length of a side to the next. */
  static final int STEP = 32;

  private static final int KEPT = 10;
  private static final int LAST = 200;

  /**
   * As the original has them, 320 to 608, for a network whose own width is among them; for others
   * in the proportion that these have to its usual width, 416.
   */
  static Optional<Sizes> of(CfgFile cfg) {
    Section last = cfg.layers().getLast();
    boolean random =
        (last.type().equals("yolo") || last.type().equals("region")) && last.flag("random");
    int width = cfg.net().integer("width");
    int usual = width >= 320 && width <= 608 ? 416 : width;
    int end = cfg.net().integer("max_batches");
    return Optional.of(new Sizes(share(usual, 10), share(usual, 19), end)).filter(_ -> random);
  }

  private static int share(int width, int thirteenths) {
    return Math.max(1, (int) Math.round(width * thirteenths / (13.0 * STEP))) * STEP;
  }

  /** Rows and columns of the images of an iteration. */
  int side(long iteration, Draws draws) {
    if (end > 0 && iteration + LAST > end) {
      return most;
    }
    float drawn = draws.uniform(Draws.SIZE, iteration / KEPT, 0);
    return least + ((int) (drawn * ((most - least) / STEP + 1))) * STEP;
  }
}
