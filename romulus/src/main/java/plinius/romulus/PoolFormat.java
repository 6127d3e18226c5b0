package plinius.romulus;

/** Where everything lies in a pool. */
final class PoolFormat {
  static final int PAGE_BYTES = 4096;
  static final long POOL_BYTES_MAX = 1L << 46;

  private PoolFormat() {}
}
