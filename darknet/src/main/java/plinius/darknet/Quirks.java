package plinius.darknet;

import java.util.EnumSet;
import java.util.Set;

/**
 * Which of the original's defects are switched on.
 *
 * @param on the quirks, usually none
 */
public record Quirks(Set<Quirk> on) {
  /** Copies the set. */
  public Quirks {
    on = Set.copyOf(on);
  }

  /** The mathematics that the configuration asks for. */
  public static Quirks none() {
    return new Quirks(Set.of());
  }

  /** Everything as Darknet's CPU build does it. */
  public static Quirks darknetCpu() {
    return new Quirks(EnumSet.allOf(Quirk.class));
  }

  /** Whether this quirk is switched on. */
  public boolean has(Quirk quirk) {
    return on.contains(quirk);
  }
}
