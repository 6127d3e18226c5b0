package plinius.darknet.data;

import plinius.darknet.cfg.Section;

/**
 * How the colours of an image are changed before it is trained on.
 *
 * @param hue most turn of the hues, 1 for a whole one
 * @param saturation most factor, or 1 divided by it
 * @param exposure most factor, or 1 divided by it
 */
public record Colours(float hue, float saturation, float exposure) {
  /** As [net] says. */
  static Colours of(Section net) {
    return new Colours(net.decimal("hue"), net.decimal("saturation"), net.decimal("exposure"));
  }

  void distort(Image image, Chance chance) {
    float turn = chance.between(-hue, hue);
    float saturate = chance.scale(saturation);
    image.distort(turn, saturate, chance.scale(exposure));
  }
}
