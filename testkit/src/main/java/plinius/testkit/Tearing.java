package plinius.testkit;

/** How finely a long store may be torn. Only aligned words of 8 bytes are always whole. */
public enum Tearing {
  /** Between any two of its words, in ascending order, as a loop of word stores. */
  WORDS,
  /** Between any two of its words, in an order of its own for each store, as vector stores may. */
  SHUFFLED_WORDS,
  /** Between lines only: for programs whose images would otherwise be too many. */
  LINES
}
