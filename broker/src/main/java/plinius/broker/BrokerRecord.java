package plinius.broker;

import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import plinius.attestation.kbs.BrokerKey;
import plinius.attestation.kbs.FreshnessMode;
import plinius.attestation.kbs.Grant;
import plinius.attestation.kbs.GrantPurpose;
import plinius.attestation.kbs.MirrorId;
import plinius.owner.OwnerKey;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;

/**
 * What a broker remembers, in its owner's hands: the jobs, what may be given to whom, and the log.
 * Serves nobody; a broker may serve over the same directory meanwhile.
 */
public final class BrokerRecord implements AutoCloseable {
  /** Stands in the log for the platform of a grant that went to another key broker. */
  private static final String EXPORTED = "exported to another key broker";

  private final OwnerKey ownerKey;
  private final SecretBytes logKey;
  private final JobBook book;
  private final Policies policies;

  private BrokerRecord(OwnerKey ownerKey, Path stateDirectory, Clock clock) {
    this.ownerKey = ownerKey;
    this.logKey = ownerKey.brokerLogKey();
    try {
      this.book = new JobBook(stateDirectory, ownerKey.id(), logKey, clock);
      this.policies = new Policies(book.log().directory());
    } catch (RuntimeException e) {
      logKey.close();
      throw e;
    }
  }

  /**
   * Opens the state directory, which is made if missing.
   *
   * @param ownerKey stays the caller's, who closes it after the record
   * @throws BrokerException if the state cannot be used
   */
  public static BrokerRecord open(OwnerKey ownerKey, Path stateDirectory, Clock clock) {
    return new BrokerRecord(ownerKey, stateDirectory, clock);
  }

  JobBook book() {
    return book;
  }

  Policies policies() {
    return policies;
  }

  SecretBytes logKey() {
    return logKey;
  }

  /** Makes the broker's own keys, if there are none yet, and returns the pin of the one for TLS. */
  public String pin() {
    return keys().pin();
  }

  private BrokerKeys keys() {
    return book.log().exclusively(() -> new BrokerKeys(book.log().directory(), logKey));
  }

  /**
   * A job's grant in plain, for another key broker of the owner's that speaks the KBS protocol but
   * keeps no record of mirrors: so the job has to be offline. The caller wipes it.
   *
   * @throws BrokerException.UnknownJob if there is no such job
   * @throws BrokerException.JobConflict if its pool is to be held against a record
   */
  public byte[] exportGrant(Id128 id, GrantPurpose purpose) {
    FreshnessMode freshness =
        job(id)
            .orElseThrow(() -> new BrokerException.UnknownJob("there is no job " + id))
            .terms()
            .freshness();
    if (freshness.recorded()) {
      throw new BrokerException.JobConflict(
          "job "
              + id
              + " has the freshness mode "
              + freshness
              + ", and another key broker keeps no record of mirrors: add a job with"
              + " --freshness offline");
    }
    BrokerKey brokerKey = keys().brokerKey();
    return switch (book.exportGrant(id, purpose, EXPORTED)) {
      case Release.Granted granted -> {
        try (Grant grant = Grants.of(ownerKey, granted.job(), purpose, brokerKey)) {
          yield grant.toBytes();
        }
      }
      case Release.Denied denied -> throw new BrokerException.JobConflict(denied.reason());
      case Release.NoJob _ -> throw new BrokerException.UnknownJob("there is no job " + id);
    };
  }

  /**
   * Adds a job under a new id. Its keys may go out, under the broker's own policy, until they are
   * revoked: {@link #permit} says otherwise.
   *
   * @throws BrokerException.JobConflict if there is one of that name
   */
  public Job addJob(JobTerms terms) {
    return addJob(terms, Permission.DEFAULT);
  }

  /**
   * Adds a job under a new id, whose keys may go out as this says from its first instant.
   *
   * @throws BrokerException.JobConflict if there is one of that name
   */
  public Job addJob(JobTerms terms, Permission permission) {
    permission.policy().ifPresent(policies::policy);
    return book.add(Id128.random(), terms, 0, Optional.of(MirrorId.NONE), permission);
  }

  /**
   * Adds a job that this broker has no record of, for a pool that has: its key comes from its id,
   * so only the record of its newest mirror is lost: the first run is believed.
   *
   * @param lastEpoch the epoch in the pool; the next training run gets the one after it
   * @throws BrokerException.JobConflict if there is a record, or another job of that name
   */
  public Job adopt(Id128 id, JobTerms terms, long lastEpoch) {
    return book.add(id, terms, lastEpoch, Optional.empty());
  }

  /**
   * Adds a job whose first mirror its owner has made: no run has trained it yet, and from now on
   * none begins with anything else.
   *
   * @param id of the job that the mirror is bound to
   * @param lastEpoch the mirror's epoch
   * @param first the mirror
   * @param permission how its keys may go out, from its first instant
   * @throws BrokerException.JobConflict if there is one of that name or id
   */
  public Job addBegun(
      Id128 id, JobTerms terms, long lastEpoch, MirrorId first, Permission permission) {
    permission.policy().ifPresent(policies::policy);
    return book.add(id, terms, lastEpoch, Optional.of(first), permission);
  }

  /** Keeps a copy of a policy and returns its digest, for {@link Permission#policy}. */
  public String keepPolicy(String name, String text) {
    return policies.keep(name, text);
  }

  /** The text of a policy that was kept. */
  public String policyText(String digest) {
    return policies.text(digest);
  }

  /**
   * Lets a job's keys go out from now on as this says, whatever was said before.
   *
   * @throws BrokerException.UnknownJob if there is no such job
   */
  public Job permit(Id128 id, Permission permission) {
    permission.policy().ifPresent(policies::policy);
    return book.permit(id, permission);
  }

  /** Takes the permission back, and fences the run that is under way. */
  public Job revoke(Id128 id) {
    return book.revoke(id);
  }

  /**
   * The owner's word that a job shall go on from an earlier mirror, because its pool was restored
   * from a copy. Whatever run is under way is fenced.
   *
   * @param sequence of a mirror that a run once told of
   * @throws BrokerException.UnknownJob if there is no such job
   * @throws BrokerException.UnknownMirror if no run told of that mirror
   */
  public Job rewind(Id128 id, long sequence) {
    return book.rewind(id, sequence);
  }

  /**
   * The owner's word that a job's model may go on with kernels of this version although others
   * computed it: the result is no longer, bit for bit, that of an undisturbed run. It is in each
   * grant of the job from now on, until another version is named.
   *
   * @param kernels as {@code Kernels.VERSION} of the enclave that shall go on; 0 for none
   * @throws BrokerException.UnknownJob if there is no such job
   */
  public Job replan(Id128 id, long kernels) {
    return book.replan(id, kernels);
  }

  /** Lets grants to read this job, and only those, have these data sets as well. */
  public Job addTestData(Id128 id, List<Id128> dataSets) {
    return book.addTestData(id, dataSets);
  }

  /** The job with this id. */
  public Optional<Job> job(Id128 id) {
    return book.job(id);
  }

  /** The job that its owner calls so. */
  public Optional<Job> jobByName(String name) {
    return book.jobByName(name);
  }

  /** All jobs, in no order. */
  public List<Job> jobs() {
    return book.jobs();
  }

  /** The log's lines, as they stand in it, verified. */
  public List<String> log() {
    return book.log().text();
  }

  @Override
  public void close() {
    logKey.close();
  }
}
