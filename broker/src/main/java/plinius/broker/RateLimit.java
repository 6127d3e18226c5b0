package plinius.broker;

import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** A bucket of tokens an address: so many a second, twice as many at once. */
final class RateLimit {
  private static final int ADDRESSES_MAX = 4096;
  private static final double NANOS = 1e9;

  private final int perSecond;
  private final Clock clock;

  // The address that has been quiet for longest goes first: its bucket is the fullest.
  private final Map<String, Bucket> buckets =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
          return size() > ADDRESSES_MAX;
        }
      };

  private record Bucket(double tokens, Instant at) {}

  RateLimit(int perSecond, Clock clock) {
    this.perSecond = perSecond;
    this.clock = clock;
  }

  /** Takes a token, if there is one. */
  synchronized boolean allows(String address) {
    Instant now = clock.instant();
    double most = 2.0 * perSecond;
    Bucket bucket = buckets.getOrDefault(address, new Bucket(most, now));
    double passed = Math.max(0, java.time.Duration.between(bucket.at(), now).toNanos() / NANOS);
    double tokens = Math.min(most, bucket.tokens() + passed * perSecond);
    boolean allowed = tokens >= 1;
    buckets.put(address, new Bucket(allowed ? tokens - 1 : tokens, now));
    return allowed;
  }
}
