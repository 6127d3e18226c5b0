package plinius.reference;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import plinius.kernel.ClassTree;

/**
 * A hierarchy of classes out of a file (darknet tree.c at f6afaab), whose lines are each a name and
 * the number of its parent, -1 for none.
 */
public final class FileTree implements ClassTree {
  private final int[] parents;
  private final int[] firsts; // of a node and its siblings
  private final int[] sizes; // of the group that begins with a node
  private final int[] children; // the first of a node's; -1 = a leaf

  private FileTree(int... parents) {
    int n = parents.length;
    this.parents = parents;
    firsts = new int[n];
    sizes = new int[n];
    children = new int[n];
    Arrays.fill(children, -1);
    for (int i = 0; i < n; i++) {
      firsts[i] = i > 0 && parents[i] == parents[i - 1] ? firsts[i - 1] : i;
      sizes[firsts[i]]++;
      if (parents[i] >= 0) {
        children[parents[i]] = firsts[i];
      }
    }
  }

  /**
   * Reads a tree.
   *
   * @throws IllegalArgumentException if the text is none, with what is to be said of it
   */
  public static FileTree parse(String text) {
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
        throw new IllegalArgumentException(
            "has a parent in line " + (parents.size() + 1) + " that is no earlier line.");
      }
      parents.add(parent);
    }
    if (parents.isEmpty()) {
      throw new IllegalArgumentException("is empty.");
    }
    return new FileTree(parents.stream().mapToInt(Integer::intValue).toArray());
  }

  @Override
  public int size() {
    return parents.length;
  }

  @Override
  public int[] groupSizes() {
    return Arrays.stream(sizes).filter(size -> size > 0).toArray();
  }

  @Override
  public void pull(int node, float scale, float[] output, float[] delta, int at) {
    for (int i = node; i >= 0; i = parents[i]) {
      int first = at + firsts[i];
      for (int sibling = first; sibling < first + sizes[firsts[i]]; sibling++) {
        delta[sibling] = scale * (0 - output[sibling]);
      }
      delta[at + i] = scale * (1 - output[at + i]);
    }
  }

  @Override
  public float probability(float[] x, int at, int node) {
    float p = 1;
    for (int i = node; i >= 0; i = parents[i]) {
      p *= x[at + i];
    }
    return p;
  }

  @Override
  public void multiply(float[] x) {
    for (int i = 0; i < parents.length; i++) {
      if (parents[i] >= 0) {
        x[i] *= x[parents[i]];
      }
    }
  }

  @Override
  public int top(float[] x, float threshold) {
    float p = 1;
    int first = 0;
    while (true) {
      float best = 0;
      int bestNode = 0;
      for (int i = first; i < first + sizes[first]; i++) {
        if (x[i] > best) {
          bestNode = i;
          best = x[i];
        }
      }
      if (p * best <= threshold) {
        return first == 0 ? bestNode : parents[first];
      }
      p *= best;
      first = children[bestNode];
      if (first < 0) {
        return bestNode;
      }
    }
  }
}
