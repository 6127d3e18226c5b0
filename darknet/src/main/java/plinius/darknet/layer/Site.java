package plinius.darknet.layer;

import java.util.Optional;
import plinius.darknet.cfg.Section;
import plinius.kernel.Activation;
import plinius.kernel.ClassTree;
import plinius.kernel.Draws;

/**
 * What a layer is made of.
 *
 * @param index of the layer, from 0
 * @param part number of a layer within another, from 1; else 0
 * @param name of its tensors before their last part, such as "0.convolutional"
 * @param rate multiplier of the network's learning rate
 * @param section what the configuration says of it, or of the layer around it
 * @param in the shape of one image's input
 * @param network what it is a layer of
 */
record Site(
    int index, int part, String name, float rate, Section section, Shape in, Layers network) {

  /**
   * A layer within this one, to which the section's learning rate does not reach, as in Darknet.
   */
  Site part(int number, String part, float rate, Shape in) {
    return new Site(index, number, name + "." + part, rate, section, in, network);
  }

  /** What its initial weights are drawn for; the part counts as the iteration. */
  int initialPurpose() {
    return Draws.INITIAL_WEIGHTS + index;
  }

  Storage storage() {
    return network.storage;
  }

  Activation activation() {
    return Activation.named(section.word("activation")).orElseThrow();
  }

  /** The hierarchy that the section names, if it names one; with as many nodes as classes. */
  Optional<ClassTree> tree(int classes) {
    if (!section.has("tree")) {
      return Optional.empty();
    }
    String text = network.options.files().apply(section.word("tree"));
    ClassTree tree;
    try {
      tree = network.options.trees().apply(text);
    } catch (IllegalArgumentException e) {
      throw section.refuse("tree", e.getMessage());
    }
    if (tree.size() != classes) {
      throw section.refuse("tree", "has %s nodes for %s classes.".formatted(tree.size(), classes));
    }
    return Optional.of(tree);
  }

  /** The input's shape, for layers that need an image. */
  Shape image() {
    in.requireImage(section);
    return in;
  }
}
