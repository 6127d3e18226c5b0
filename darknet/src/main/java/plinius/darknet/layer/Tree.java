package plinius.darknet.layer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import plinius.darknet.cfg.Section;

/**
 * A hierarchy of classes (darknet tree.c at f6afaab): siblings stand together, and one softmax runs
 * over each group of them. A line of the file is a name and the number of its parent, -1 for none.
 */
public final class Tree {
  private final int[] parents;
  private final int[] childGroups; // -1 = a leaf
  private final int[] groups;
  private final int[] groupOffsets;
  private final int[] groupSizes;

  private Tree(int[] parents) {
    int n = parents.length;
    this.parents = parents;
    childGroups = new int[n];
    groups = new int[n];
    Arrays.fill(childGroups, -1);
    int group = 0;
    int lastParent = -1;
    List<Integer> offsets = new ArrayList<>(List.of(0));
    for (int i = 0; i < n; i++) {
      if (parents[i] != lastParent) {
        group++;
        offsets.add(i);
        lastParent = parents[i];
      }
      groups[i] = group;
      if (parents[i] >= 0) {
        childGroups[parents[i]] = group;
      }
    }
    groupOffsets = offsets.stream().mapToInt(Integer::intValue).toArray();
    groupSizes = new int[groupOffsets.length];
    for (int g = 0; g < groupSizes.length; g++) {
      groupSizes[g] = (g + 1 < groupSizes.length ? groupOffsets[g + 1] : n) - groupOffsets[g];
    }
  }

  /**
   * Reads a tree.
   *
   * @param refusal who is to blame for a text that is none
   */
  public static Tree parse(String text, Section refusal) {
    List<Integer> parents = new ArrayList<>();
    for (String line : text.lines().map(String::strip).filter(l -> !l.isEmpty()).toList()) {
      String[] words = line.split("\\s+", -1);
      int parent = -1;
      try {
        parent = words.length > 1 ? Integer.parseInt(words[1]) : -1;
      } catch (NumberFormatException e) {
        parent = Integer.MAX_VALUE;
      }
      if (parent < -1 || parent >= parents.size()) {
        throw refusal.refuse(
            "tree", "has a parent in line " + (parents.size() + 1) + " that is no earlier line.");
      }
      parents.add(parent);
    }
    if (parents.isEmpty()) {
      throw refusal.refuse("tree", "is empty.");
    }
    return new Tree(parents.stream().mapToInt(Integer::intValue).toArray());
  }

  /** The tree that a section names, if it names one; with as many nodes as there are classes. */
  static Optional<Tree> of(Site site, int classes) {
    Section section = site.section();
    if (!section.has("tree")) {
      return Optional.empty();
    }
    Tree tree = parse(site.network().files.apply(section.word("tree")), section);
    if (tree.parents.length != classes) {
      throw section.refuse(
          "tree", "has %s nodes for %s classes.".formatted(tree.parents.length, classes));
    }
    return Optional.of(tree);
  }

  int[] groupSizes() {
    return groupSizes;
  }

  int parent(int node) {
    return parents[node];
  }

  /** The first of a node and its siblings. */
  int groupOffset(int node) {
    return groupOffsets[groups[node]];
  }

  /** How many a node and its siblings are. */
  int groupSize(int node) {
    return groupSizes[groups[node]];
  }

  /** The probability of a node: the product up to the root of what lies in x[at, at + size). */
  public float probability(float[] x, int at, int node) {
    float p = 1;
    for (int i = node; i >= 0; i = parents[i]) {
      p *= x[at + i];
    }
    return p;
  }

  /** Turns probabilities among siblings into absolute ones. */
  public void multiply(float[] x) {
    for (int i = 0; i < parents.length; i++) {
      if (parents[i] >= 0) {
        x[i] *= x[parents[i]];
      }
    }
  }

  /** The node that is reached from the root by the best siblings while the product is large. */
  public int top(float[] x, float threshold) {
    float p = 1;
    int group = 0;
    while (true) {
      float best = 0;
      int bestNode = 0;
      for (int i = groupOffsets[group]; i < groupOffsets[group] + groupSizes[group]; i++) {
        if (x[i] > best) {
          bestNode = i;
          best = x[i];
        }
      }
      if (p * best <= threshold) {
        return group == 0 ? bestNode : parents[groupOffsets[group]];
      }
      p *= best;
      group = childGroups[bestNode];
      if (group < 0) {
        return bestNode;
      }
    }
  }
}
