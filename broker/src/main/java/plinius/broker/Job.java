package plinius.broker;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import plinius.attestation.kbs.GrantPurpose;
import plinius.attestation.kbs.MirrorId;
import plinius.seal.Id128;

/**
 * A job as the log has it.
 *
 * @param id names its key and its pool
 * @param terms what it may be
 * @param epoch number of training grants so far
 * @param testData data sets that only a grant to read may have
 * @param newest the newest mirror that a run told of; empty if the record of it was lost
 */
public record Job(
    Id128 id, JobTerms terms, long epoch, List<Id128> testData, Optional<MirrorId> newest) {
  public Job {
    Objects.requireNonNull(id);
    Objects.requireNonNull(terms);
    Objects.requireNonNull(newest);
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
    return new Job(id, terms, newEpoch, testData, newest);
  }

  Job withTestData(List<Id128> newTestData) {
    return new Job(id, terms, epoch, newTestData, newest);
  }

  Job atMirror(MirrorId mirror) {
    return new Job(id, terms, epoch, testData, Optional.of(mirror));
  }
}
