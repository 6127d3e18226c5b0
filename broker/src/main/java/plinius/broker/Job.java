package plinius.broker;

import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import plinius.attestation.kbs.Grant;
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
 * @param permission what may be given to whom
 * @param replan version of the kernels that may go on where others computed its model; 0 for none
 */
public record Job(
    Id128 id,
    JobTerms terms,
    long epoch,
    List<Id128> testData,
    Optional<MirrorId> newest,
    Permission permission,
    long replan) {
  public Job {
    Objects.requireNonNull(permission);
    Objects.requireNonNull(id);
    Objects.requireNonNull(terms);
    Objects.requireNonNull(newest);
    testData = List.copyOf(testData);
    if (replan < 0) {
      throw new IllegalArgumentException("kernels of version " + replan + ", want at least 0");
    }
    if (epoch < 0) {
      throw new IllegalArgumentException("epoch " + epoch + ", want at least 0");
    }
  }

  /** The data sets whose keys a grant for this purpose holds. */
  List<Id128> readable(GrantPurpose purpose) {
    Set<Id128> readable = new LinkedHashSet<>(terms.dataSets());
    if (purpose == GrantPurpose.READ_ONLY) {
      readable.addAll(testDataInGrant());
    }
    return List.copyOf(readable);
  }

  /** The most recent test data, as many as a grant has room for. */
  List<Id128> testDataInGrant() {
    int room = Grant.DATA_SETS_MAX - terms.dataSets().size();
    return testData.subList(Math.max(0, testData.size() - room), testData.size());
  }

  /** Why this job's keys do not go out at this instant, and its runs are not heard any more. */
  public Optional<String> withheld(Instant at) {
    if (permission.revoked()) {
      return Optional.of("job " + id + " was revoked by its owner");
    }
    return permission
        .until()
        .filter(until -> !at.isBefore(until))
        .map(until -> "the grant of job " + id + " ended at " + until);
  }

  Job permitted(Permission newPermission) {
    return new Job(id, terms, epoch, testData, newest, newPermission, replan);
  }

  Job replanned(long kernels) {
    return new Job(id, terms, epoch, testData, newest, permission, kernels);
  }

  Job atEpoch(long newEpoch) {
    return new Job(id, terms, newEpoch, testData, newest, permission, replan);
  }

  Job withTestData(List<Id128> newTestData) {
    return new Job(id, terms, epoch, newTestData, newest, permission, replan);
  }

  Job atMirror(MirrorId mirror) {
    return new Job(id, terms, epoch, testData, Optional.of(mirror), permission, replan);
  }
}
