package plinius.broker;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import plinius.attestation.kbs.GrantPurpose;
import plinius.seal.Id128;

/**
 * A job as the log has it.
 *
 * @param id names its key and its pool
 * @param terms what it may be
 * @param epoch number of training grants so far
 * @param testData data sets that only a grant to read may have
 */
public record Job(Id128 id, JobTerms terms, long epoch, List<Id128> testData) {
  public Job {
    Objects.requireNonNull(id);
    Objects.requireNonNull(terms);
    testData = List.copyOf(testData);
    if (epoch < 0) {
      throw new IllegalArgumentException("epoch " + epoch + ", want at least 0");
    }
  }

  /** The data sets whose keys a grant for this purpose holds. */
  List<Id128> readable(GrantPurpose purpose) {
    Set<Id128> readable = new LinkedHashSet<>(terms.dataSets());
    if (purpose == GrantPurpose.READ_ONLY) {
      readable.addAll(testData);
    }
    return List.copyOf(readable);
  }

  Job atEpoch(long newEpoch) {
    return new Job(id, terms, newEpoch, testData);
  }

  Job withTestData(List<Id128> newTestData) {
    return new Job(id, terms, epoch, newTestData);
  }
}
