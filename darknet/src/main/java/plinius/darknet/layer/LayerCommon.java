package plinius.darknet.layer;

import plinius.darknet.cfg.Section;

/**
 * What every layer has.
 *
 * @param index of the layer, from 0
 * @param type its section's name
 * @param name of its tensors before their last part, such as "0.convolutional"
 * @param part number of a layer within another, from 1; else 0
 * @param truth whether its output is the truth of later layers
 * @param stopBackward whether the backward pass stops before this layer
 * @param onlyForward whether a layer that detects learns nothing
 * @param learningRate multiplier of the network's learning rate
 * @param smooth share of the truth, or of the delta, that is smoothed
 * @param dontLoad whether a .weights file has nothing for it
 * @param dontLoadScales whether a .weights file lacks its scales and statistics
 * @param dontSave whether a .weights file is to have nothing for it
 * @param numLoad how many filters a .weights file has for it; 0 = all
 */
public record LayerCommon(
    int index,
    String type,
    String name,
    int part,
    boolean truth,
    boolean stopBackward,
    boolean onlyForward,
    float learningRate,
    float smooth,
    boolean dontLoad,
    boolean dontLoadScales,
    boolean dontSave,
    int numLoad) {
  /** Reads what every layer has from its section. */
  public static LayerCommon of(int index, Section section) {
    return new LayerCommon(
        index,
        section.type(),
        index + "." + section.type(),
        0,
        section.flag("truth"),
        section.flag("stopbackward"),
        section.flag("onlyforward"),
        section.decimal("learning_rate"),
        section.decimal("smooth"),
        section.flag("dontload"),
        section.flag("dontloadscales"),
        section.flag("dontsave"),
        section.integer("numload"));
  }

  /** A layer within this one, to which the section's own options do not reach, as in Darknet. */
  LayerCommon part(int number, String part, float rate) {
    return new LayerCommon(
        index,
        type,
        name + "." + part,
        number,
        false,
        false,
        false,
        rate,
        0,
        false,
        false,
        false,
        0);
  }

  /** What its initial weights are drawn for; the part counts as the iteration. */
  int initialPurpose() {
    return Purpose.INITIAL_WEIGHTS + index;
  }
}
