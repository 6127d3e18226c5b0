package plinius.testkit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import plinius.testkit.CrashModel.Unit;

/**
 * What a recovery makes of images that are too many to be tried one by one: it is run with lines
 * that are decided only when it looks at them, so that images which differ in lines that it never
 * looks at are one (Jaaru, ASPLOS 2021). A node is the line that is looked at next, its branches
 * are the versions that the line had, a leaf is what recovery returned. The tree stays from instant
 * to instant: each way through recovery is run once.
 */
final class DecisionTree {
  /** Runs recovery on memory whose lines are asked for as they are needed. */
  interface Run {
    int state(Lines lines);
  }

  /** Gives the bytes of a line, by the number of the line. */
  interface Lines {
    byte[] bytes(int line);
  }

  /** Looks at what recovery returned, with the version chosen in each line that it looked at. */
  interface Judge {
    void judge(int state);
  }

  private static final class Node {
    private int line = -1; // none: a leaf
    private int state;
    private boolean known;
    private final Map<Long, Node> branches = new HashMap<>();
  }

  private final CrashModel model;
  private final Run run;
  private final Node root = new Node();
  private Unit fixed;
  private long runs;

  DecisionTree(CrashModel model, Run run) {
    this.model = model;
    this.run = run;
  }

  /** Ways through recovery that were run. */
  long runs() {
    return runs;
  }

  /**
   * Judges every way that is possible now, at most {@code limit} of them; returns whether that was
   * all.
   *
   * @param fixed a line of which only the newest version is of interest; null if there is none
   */
  boolean judge(Unit fixed, long limit, Judge judge) {
    this.fixed = fixed;
    long left = limit;
    List<Branching> path = new ArrayList<>();
    do {
      if (left-- == 0) {
        return false;
      }
      judge.judge(follow(path));
    } while (advance(path));
    return true;
  }

  /** A line on the way, and which of the versions that are possible now was taken. */
  private static final class Branching {
    private final Unit unit;
    private int chosen;

    Branching(Unit unit, int chosen) {
      this.unit = unit;
      this.chosen = chosen;
    }
  }

  /**
   * Goes from the root to a leaf: along the path where there is one, else by the oldest versions.
   */
  private int follow(List<Branching> path) {
    for (Unit unit : model.units()) {
      unit.chosen = unit == fixed ? unit.newest() : 0;
    }
    Node node = root;
    int depth = 0;
    while (node.known && node.line >= 0) {
      Unit unit = model.unitAt(node.line);
      if (depth == path.size()) {
        path.add(new Branching(unit, unit.chosen));
      }
      unit.chosen = path.get(depth++).chosen;
      node = branch(node, unit);
    }
    if (!node.known) {
      runFrom(node, path);
      return follow(path);
    }
    return node.state;
  }

  private static Node branch(Node node, Unit unit) {
    return node.branches.computeIfAbsent(unit.versions.get(unit.chosen).hash(), _ -> new Node());
  }

  /** Runs recovery as chosen so far, and hangs what it looks at next below the node. */
  private void runFrom(Node node, List<Branching> path) {
    Node[] at = {node};
    Set<Integer> decided = new HashSet<>();
    path.forEach(branching -> decided.add(branching.unit.index));
    runs++;
    int state =
        run.state(
            line -> {
              Unit unit = model.unitAt(line);
              if (decided.add(line)) {
                at[0].known = true;
                at[0].line = line;
                at[0] = branch(at[0], unit);
              }
              return unit.versions.get(unit.chosen).bytes();
            });
    at[0].known = true;
    at[0].state = state;
  }

  /** The next way, the deepest decision first. */
  private boolean advance(List<Branching> path) {
    while (!path.isEmpty()) {
      Branching last = path.getLast();
      if (last.unit != fixed && last.chosen < last.unit.newest()) {
        last.chosen++;
        return true;
      }
      path.removeLast();
    }
    return false;
  }
}
