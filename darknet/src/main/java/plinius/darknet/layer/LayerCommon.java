package plinius.darknet.layer;

import plinius.darknet.cfg.Section;

/**
 * What every layer has.
 *
 * @param index of the layer, from 0
 * @param type its section's name
 * @param truth whether its output is the truth of later layers
 * @param stopBackward whether the backward pass stops before this layer
 * @param learningRate multiplier of the network's learning rate
 * @param dontLoad whether a .weights file has nothing for it
 * @param dontLoadScales whether a .weights file lacks its scales and statistics
 * @param numLoad how many filters a .weights file has for it; 0 = all
 */
public record LayerCommon(
    int index,
    String type,
    boolean truth,
    boolean stopBackward,
    float learningRate,
    boolean dontLoad,
    boolean dontLoadScales,
    int numLoad) {
  /** Reads what every layer has from its section. */
  public static LayerCommon of(int index, Section section) {
    return new LayerCommon(
        index,
        section.type(),
        section.flag("truth"),
        section.flag("stopbackward"),
        section.decimal("learning_rate"),
        section.flag("dontload"),
        section.flag("dontloadscales"),
        section.integer("numload"));
  }
}
