package plinius.darknet.layer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import plinius.darknet.cfg.Section;

/**
 * A hierarchy of classes (darknet tree.c at f6afaab): siblings stand together, and one softmax runs
 * over each group of them. A line of the file is a name and the number of its parent, -1 for none.
 */
public final class Tree {
  private final List<String> names;
  private final int[] parents;
  private final int[] childGroups; // -1 = a leaf
  private final int[] groups;
  private final int[] groupOffsets;
  private final int[] groupSizes;

  private Tree(List<String> names, int[] parents) {
    int n = parents.length;
    this.names = names;
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
    List<String> names = new ArrayList<>();
    List<Integer> parents = new ArrayList<>();
    for (String line : text.split("\n", -1)) {
      String[] words = line.strip().split("\\s+", -1);
      if (words[0].isEmpty()) {
        continue;
      }
      int parent = -1;
      if (words.length > 1) {
        try {
          parent = Integer.parseInt(words[1]);
        } catch (NumberFormatException e) {
          parent = Integer.MAX_VALUE;
        }
      }
      if (parent < -1 || parent >= names.size()) {
        throw refusal.refuse(
            "tree", "has a parent in line " + (names.size() + 1) + " that is no earlier line.");
      }
      names.add(words[0]);
      parents.add(parent);
    }
    if (names.isEmpty()) {
      throw refusal.refuse("tree", "is empty.");
    }
    return new Tree(List.copyOf(names), parents.stream().mapToInt(Integer::intValue).toArray());
  }

  /** The tree that a section names, if it names one. */
  public static Optional<Tree> of(Section section, UnaryOperator<String> files) {
    return section.has("tree")
        ? Optional.of(parse(files.apply(section.word("tree")), section))
        : Optional.empty();
  }

  /** Number of nodes. */
  public int size() {
    return parents.length;
  }

  /** The nodes' names. */
  public List<String> names() {
    return names;
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

  /** Turns x[at, at + size) from probabilities among siblings into absolute ones. */
  public void multiply(float[] x, int at, boolean leavesOnly) {
    for (int i = 0; i < parents.length; i++) {
      if (parents[i] >= 0) {
        x[at + i] *= x[at + parents[i]];
      }
    }
    for (int i = 0; leavesOnly && i < parents.length; i++) {
      if (childGroups[i] >= 0) {
        x[at + i] = 0;
      }
    }
  }

  /** The node that is reached from the root by the best siblings while the product is large. */
  public int top(float[] x, int at, float threshold) {
    float p = 1;
    int group = 0;
    while (true) {
      float best = 0;
      int bestNode = 0;
      for (int i = groupOffsets[group]; i < groupOffsets[group] + groupSizes[group]; i++) {
        if (x[at + i] > best) {
          bestNode = i;
          best = x[at + i];
        }
      }
      if (p * best > threshold) {
        p *= best;
        group = childGroups[bestNode];
        if (group < 0) {
          return bestNode;
        }
      } else {
        return group == 0 ? bestNode : parents[groupOffsets[group]];
      }
    }
  }
}
