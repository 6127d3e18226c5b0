package plinius.broker;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import plinius.attestation.kbs.BrokerKey;
import plinius.attestation.kbs.Grant;
import plinius.attestation.kbs.GrantPurpose;
import plinius.owner.OwnerKey;
import plinius.seal.Id128;

/** From a job to all that one run of it may know. */
final class Grants {
  private Grants() {}

  /** The caller closes it. */
  static Grant of(OwnerKey ownerKey, Job job, GrantPurpose purpose, BrokerKey brokerKey) {
    List<Grant.DataKey> dataKeys = new ArrayList<>();
    for (Id128 dataSet : job.readable(purpose)) {
      dataKeys.add(
          new Grant.DataKey(dataSet, ownerKey.recordKey(dataSet), ownerKey.manifestKey(dataSet)));
    }
    JobTerms terms = job.terms();
    return new Grant(
        purpose,
        job.id(),
        job.epoch(),
        ownerKey.id(),
        ownerKey.jobKey(job.id()),
        dataKeys,
        ownerKey.digestKey(terms.seed()),
        ownerKey.orderKey(terms.seed()),
        terms.cfgDigest(),
        terms.seed(),
        terms.freshness(),
        terms.freshness().recorded() ? job.newest() : Optional.empty(),
        job.replan(),
        brokerKey);
  }
}
