package plinius.broker;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import plinius.attestation.kbs.CfgDigest;
import plinius.attestation.kbs.FreshnessMode;
import plinius.attestation.kbs.Grant;
import plinius.seal.Id128;

/**
 * What a job may be: fixed when it is added, and part of each of its grants.
 *
 * @param name what its owner calls it, if anything: letters, digits, dot, minus, underscore
 * @param cfgDigest the only .cfg
 * @param seed the only seed
 * @param dataSets what it may read, the training data first
 * @param freshness what protects its pool against being put back
 */
public record JobTerms(
    Optional<String> name,
    CfgDigest cfgDigest,
    long seed,
    List<Id128> dataSets,
    FreshnessMode freshness) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  /** What a job's name has to be, for messages. */
  public static final String NAME_RULE =
      "the job's name has to be 1 to 64 letters, digits, '.', '-' or '_'";

  /** Whether a job may be called so. */
  public static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }

  public JobTerms {
    Objects.requireNonNull(cfgDigest);
    Objects.requireNonNull(freshness);
    dataSets = List.copyOf(dataSets);
    if (name.isPresent() && !isName(name.get())) {
      throw new IllegalArgumentException(NAME_RULE);
    }
    if (dataSets.isEmpty() || dataSets.size() > Grant.DATA_SETS_MAX) {
      throw new IllegalArgumentException(
          "a job has 1 to " + Grant.DATA_SETS_MAX + " data sets, got " + dataSets.size());
    }
    if (new HashSet<>(dataSets).size() != dataSets.size()) {
      throw new IllegalArgumentException("a data set is named twice: " + dataSets);
    }
  }
}
