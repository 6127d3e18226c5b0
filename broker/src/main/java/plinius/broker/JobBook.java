package plinius.broker;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import plinius.attestation.kbs.CfgDigest;
import plinius.attestation.kbs.FreshnessMode;
import plinius.attestation.kbs.Grant;
import plinius.attestation.kbs.GrantPurpose;
import plinius.attestation.kbs.MirrorId;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;
import plinius.verification.Appraisal;
import plinius.verification.evidence.JsonFields;

/** The jobs and their epochs: what the log's lines add up to. */
final class JobBook {
  private static final long VERSION = 1;
  private static final int REFUSALS_MAX = 1000;
  private static final Duration SUMMARY_EACH = Duration.ofMinutes(1);

  private final BrokerLog log;
  private final Id128 ownerKeyId;
  private final Map<Id128, Job> jobs = new HashMap<>();

  /** The mirrors that the runs of each job told of, since the last rewind to one before them. */
  private final Map<Id128, NavigableMap<Long, MirrorId>> history = new HashMap<>();

  private final Clock clock;
  private boolean begun;
  private int refusals;
  private long leftOut;
  private Instant summaryFrom = Instant.MIN;
  private final Object limitLock = new Object();
  private Instant limitLineFrom = Instant.MIN;
  private long leftOutForLimit;

  /** Reads the log, and begins it if there is none. */
  JobBook(Path directory, Id128 ownerKeyId, SecretBytes logKey, Clock clock) {
    this.ownerKeyId = ownerKeyId;
    this.clock = clock;
    this.log = new BrokerLog(directory, ownerKeyId, logKey, clock, this::replay);
    log.exclusively(
        () -> {
          if (!begun) {
            log.append("log", Map.of("version", VERSION, "ownerKeyId", ownerKeyId.toString()));
          }
          return begun;
        });
  }

  BrokerLog log() {
    return log;
  }

  Optional<Job> job(Id128 id) {
    return log.exclusively(() -> Optional.ofNullable(jobs.get(id)));
  }

  Optional<Job> jobByName(String name) {
    return log.exclusively(() -> named(name));
  }

  List<Job> jobs() {
    return log.exclusively(() -> List.copyOf(jobs.values()));
  }

  Job add(Id128 id, JobTerms terms, long lastEpoch, Optional<MirrorId> newest) {
    return add(id, terms, lastEpoch, newest, Permission.DEFAULT);
  }

  /** One line for both: whoever is killed here leaves no job that is less guarded than meant. */
  Job add(
      Id128 id, JobTerms terms, long lastEpoch, Optional<MirrorId> newest, Permission permission) {
    return log.exclusively(
        () -> {
          Job known = jobs.get(id);
          if (known != null) {
            throw new BrokerException.JobConflict(
                "there is a job " + id + " already: " + known.terms());
          }
          terms
              .name()
              .flatMap(this::named)
              .ifPresent(
                  other -> {
                    throw new BrokerException.JobConflict(
                        "there is a job named "
                            + terms.name().orElseThrow()
                            + " already: "
                            + other.id()
                            + ". Choose another name");
                  });
          Map<String, Object> members = new TreeMap<>();
          members.put("job", id.toString());
          terms.name().ifPresent(name -> members.put("name", name));
          members.put("cfgDigest", terms.cfgDigest().hex());
          members.put("seed", Long.toString(terms.seed()));
          members.put("dataSets", texts(terms.dataSets()));
          members.put("freshness", terms.freshness().wireName());
          members.put("epoch", lastEpoch);
          members.put("newest", newest.map(MirrorId::toString).orElse(Grant.NO_RECORD));
          members.putAll(members(permission));
          if (permission.revoked()) {
            members.put("revoked", "true");
          }
          log.append("job", members);
          return jobs.get(id);
        });
  }

  Job addTestData(Id128 id, List<Id128> dataSets) {
    return log.exclusively(
        () -> {
          Job job = known(id);
          List<Id128> fresh =
              dataSets.stream()
                  .distinct()
                  .filter(each -> !job.terms().dataSets().contains(each))
                  .toList();
          int room = Grant.DATA_SETS_MAX - job.terms().dataSets().size();
          if (fresh.size() > room) {
            throw new BrokerException.JobConflict(
                "a grant holds the keys of at most "
                    + Grant.DATA_SETS_MAX
                    + " data sets; job "
                    + id
                    + " has "
                    + job.terms().dataSets().size()
                    + ", so at most "
                    + room
                    + " to test with, got "
                    + fresh.size());
          }
          if (!job.testDataInGrant().containsAll(fresh)) {
            List<Id128> all = new ArrayList<>(job.testData());
            all.removeAll(fresh);
            all.addAll(fresh);
            // The oldest go: each use names its own again.
            List<Id128> kept = all.subList(Math.max(0, all.size() - room), all.size());
            log.append("test-data", Map.of("job", id.toString(), "dataSets", texts(kept)));
          }
          return jobs.get(id);
        });
  }

  /**
   * Writes down that keys go out, before they do. To train begins the next epoch, whoever else has
   * granted meanwhile.
   *
   * @param judge whether the job's policy accepts who asks
   */
  Release grant(Id128 id, GrantPurpose purpose, Function<Job, Appraisal> judge) {
    return log.exclusively(
        () -> {
          Job job = jobs.get(id);
          if (job == null) {
            return new Release.NoJob();
          }
          Optional<String> withheld = job.withheld(clock.instant());
          if (withheld.isPresent()) {
            return new Release.Denied(withheld.get());
          }
          return switch (judge.apply(job)) {
            case Appraisal.Rejected rejected -> new Release.Denied(rejected.message());
            case Appraisal.Accepted accepted ->
                granted(job, purpose, accepted.platform(), accepted.measurement());
          };
        });
  }

  /** The same for another key broker, who will judge evidence by its own policy. */
  Release exportGrant(Id128 id, GrantPurpose purpose, String to) {
    return log.exclusively(
        () -> {
          Job job = known(id);
          Optional<String> withheld = job.withheld(clock.instant());
          return withheld.isPresent()
              ? new Release.Denied(withheld.get())
              : granted(job, purpose, to, "");
        });
  }

  private Release granted(Job job, GrantPurpose purpose, String platform, String measurement) {
    boolean train = purpose == GrantPurpose.TRAIN;
    log.append(
        "grant",
        Map.of(
            "job",
            job.id().toString(),
            "purpose",
            purpose.wireName(),
            "epoch",
            train ? Math.addExact(job.epoch(), 1) : job.epoch(),
            "platform",
            platform,
            "measurement",
            measurement));
    return new Release.Granted(jobs.get(job.id()));
  }

  /** Writes down the owner's word that keys may go out as this says. */
  Job permit(Id128 id, Permission permission) {
    return log.exclusively(
        () -> {
          known(id);
          Map<String, Object> members = members(permission);
          members.put("job", id.toString());
          log.append("permit", members);
          return jobs.get(id);
        });
  }

  private static Map<String, Object> members(Permission permission) {
    Map<String, Object> members = new TreeMap<>();
    permission.policy().ifPresent(digest -> members.put("policy", digest));
    permission.until().ifPresent(until -> members.put("until", until.toString()));
    return members;
  }

  /** Writes down that no keys go out any more. Begins an epoch: the run under way is none. */
  Job revoke(Id128 id) {
    return log.exclusively(
        () -> {
          long epoch = Math.addExact(known(id).epoch(), 1);
          log.append("revoke", Map.of("job", id.toString(), "epoch", epoch));
          return jobs.get(id);
        });
  }

  private Job known(Id128 id) {
    return Optional.ofNullable(jobs.get(id))
        .orElseThrow(() -> new BrokerException.UnknownJob("there is no job " + id));
  }

  /**
   * Compares and advances: writes down which mirror is the newest. The same again is no advance and
   * no error, for an answer may have been lost.
   *
   * @return why not, if this is not the newest run or not a newer mirror
   */
  Optional<String> advance(Id128 id, long epoch, MirrorId mirror) {
    return log.exclusively(
        () -> {
          Job job = known(id);
          Optional<String> withheld = job.withheld(clock.instant());
          if (withheld.isPresent()) {
            return withheld;
          }
          if (epoch != job.epoch()) {
            return Optional.of(
                "this is run "
                    + epoch
                    + " of job "
                    + id
                    + ", and run "
                    + job.epoch()
                    + " has begun: there is one at a time");
          }
          if (job.newest().equals(Optional.of(mirror))) {
            return Optional.empty();
          }
          long known = job.newest().map(MirrorId::sequence).orElse(0L);
          if (mirror.sequence() <= known) {
            return Optional.of(
                "mirror "
                    + mirror.sequence()
                    + " of job "
                    + id
                    + " is not newer than the known one, "
                    + known);
          }
          log.append("advance", mirrorLine(id, epoch, mirror));
          return Optional.empty();
        });
  }

  /**
   * Lets the job go on from an earlier mirror, one that a run once told of. Begins an epoch, so
   * that a run that is under way is none any more.
   */
  Job rewind(Id128 id, long sequence) {
    return log.exclusively(
        () -> {
          Job job = known(id);
          NavigableMap<Long, MirrorId> told = history.get(id);
          MirrorId mirror = told.get(sequence);
          if (mirror == null) {
            throw new BrokerException.UnknownMirror(
                "no run of job "
                    + id
                    + " told of mirror "
                    + sequence
                    + (told.isEmpty()
                        ? ": none was told of"
                        : "; told of were "
                            + told.size()
                            + " from "
                            + told.firstKey()
                            + " to "
                            + told.lastKey()
                            + nearest(told, sequence)));
          }
          log.append("rewind", mirrorLine(id, Math.addExact(job.epoch(), 1), mirror));
          return jobs.get(id);
        });
  }

  /**
   * Writes down the owner's word that kernels of this version may go on with the job's model,
   * whichever computed it; until another version is named. No epoch begins: the run under way
   * computes as it may.
   */
  Job replan(Id128 id, long kernels) {
    return log.exclusively(
        () -> {
          Job job = known(id);
          if (!job.replanned(kernels).equals(job)) {
            log.append("replan", Map.of("job", id.toString(), "kernels", kernels));
          }
          return jobs.get(id);
        });
  }

  private static String nearest(NavigableMap<Long, MirrorId> told, long sequence) {
    Long floor = told.floorKey(sequence);
    return floor == null ? "" : ", the last before it " + floor;
  }

  private static Map<String, Object> mirrorLine(Id128 id, long epoch, MirrorId mirror) {
    return Map.of("job", id.toString(), "epoch", epoch, "mirror", mirror.toString());
  }

  /**
   * Writes down a refusal. Strangers must not fill the disk: after so many a run, a line a minute
   * says how many more there were.
   */
  void refused(Refused refused) {
    log.exclusively(
        () -> {
          if (refusals < REFUSALS_MAX) {
            refusals++;
            log.append("refused", refused.members());
          } else {
            leftOut++;
            Instant now = clock.instant();
            if (summaryFrom.equals(Instant.MIN)) {
              summaryFrom = now;
            }
            if (!now.isBefore(summaryFrom.plus(SUMMARY_EACH))) {
              summarize(now);
            }
          }
          return refusals;
        });
  }

  /**
   * Counts a refusal because of a limit: a flood must not become one of writes. One a minute has a
   * line, the others are in the next summary.
   */
  void refusedForLimit(Refused refused) {
    synchronized (limitLock) {
      Instant now = clock.instant();
      if (now.isBefore(limitLineFrom)) {
        leftOutForLimit++;
        return;
      }
      limitLineFrom = now.plus(SUMMARY_EACH);
    }
    refused(refused);
    summarizeRefusals();
  }

  /** Writes down how many refusals had no line of their own. */
  void summarizeRefusals() {
    log.exclusively(
        () -> {
          synchronized (limitLock) {
            leftOut += leftOutForLimit;
            leftOutForLimit = 0;
          }
          if (leftOut > 0) {
            summarize(clock.instant());
          }
          return refusals;
        });
  }

  private void summarize(Instant now) {
    log.append(
        "refused", Map.of("reason", leftOut + " more requests were refused", "more", leftOut));
    leftOut = 0;
    summaryFrom = now;
  }

  private void replay(JsonFields line) {
    String event = line.string("event");
    if (begun == event.equals("log")) {
      throw new IllegalArgumentException("a log begins with the event log, once");
    }
    switch (event) {
      case "log" -> replayBeginning(line);
      case "job" -> replayJob(line);
      case "test-data" -> {
        Job job = known(line);
        jobs.put(job.id(), job.withTestData(line.ids("dataSets")));
      }
      case "grant" -> replayGrant(line);
      case "advance" -> replayAdvance(line);
      case "rewind" -> replayRewind(line);
      case "replan" -> {
        Job job = known(line);
        jobs.put(job.id(), job.replanned(line.number("kernels")));
      }
      case "permit" -> replayPermit(line);
      case "revoke" -> replayRevoke(line);
      case "refused" -> line.string("reason");
      default -> throw new IllegalArgumentException("the event " + event + " is not known");
    }
  }

  private void replayBeginning(JsonFields line) {
    if (line.number("version") != VERSION) {
      throw new IllegalArgumentException("version " + line.number("version"));
    }
    if (!line.id("ownerKeyId").equals(ownerKeyId)) {
      throw new IllegalArgumentException("another owner's key");
    }
    begun = true;
  }

  private void replayJob(JsonFields line) {
    Id128 id = line.id("job");
    JobTerms terms =
        new JobTerms(
            line.optionalString("name"),
            new CfgDigest(line.string("cfgDigest")),
            Long.parseLong(line.string("seed")),
            line.ids("dataSets"),
            FreshnessMode.ofWireName(line.string("freshness")));
    Optional<MirrorId> newest =
        Optional.of(line.string("newest"))
            .filter(text -> !text.equals(Grant.NO_RECORD))
            .map(MirrorId::parse);
    Job job = new Job(id, terms, line.number("epoch"), List.of(), newest, permission(line), 0);
    if (jobs.putIfAbsent(id, job) != null) {
      throw new IllegalArgumentException("job " + id + " is added twice");
    }
    NavigableMap<Long, MirrorId> told = new TreeMap<>();
    newest.filter(mirror -> mirror.sequence() > 0).ifPresent(m -> told.put(m.sequence(), m));
    history.put(id, told);
  }

  private static Permission permission(JsonFields line) {
    return new Permission(
        line.optionalString("policy"),
        line.optionalString("until").map(Instant::parse),
        line.optionalString("revoked").isPresent());
  }

  private void replayPermit(JsonFields line) {
    Job job = known(line);
    jobs.put(job.id(), job.permitted(permission(line)));
  }

  private void replayRevoke(JsonFields line) {
    Job job = known(line);
    if (line.number("epoch") != job.epoch() + 1) {
      throw new IllegalArgumentException("epoch " + line.number("epoch") + " revoked");
    }
    jobs.put(job.id(), job.atEpoch(line.number("epoch")).permitted(job.permission().takenBack()));
  }

  private void replayGrant(JsonFields line) {
    Job job = known(line);
    long epoch = line.number("epoch");
    boolean train = GrantPurpose.ofWireName(line.string("purpose")) == GrantPurpose.TRAIN;
    if (epoch != job.epoch() + (train ? 1 : 0)) {
      throw new IllegalArgumentException("epoch " + epoch + " after " + job.epoch());
    }
    jobs.put(job.id(), job.atEpoch(epoch));
  }

  private void replayAdvance(JsonFields line) {
    Job job = known(line);
    MirrorId mirror = MirrorId.parse(line.string("mirror"));
    if (line.number("epoch") != job.epoch()
        || mirror.sequence() <= job.newest().map(MirrorId::sequence).orElse(0L)) {
      throw new IllegalArgumentException("mirror " + mirror.sequence() + " is no advance");
    }
    history.get(job.id()).put(mirror.sequence(), mirror);
    jobs.put(job.id(), job.atMirror(mirror));
  }

  private void replayRewind(JsonFields line) {
    Job job = known(line);
    MirrorId mirror = MirrorId.parse(line.string("mirror"));
    NavigableMap<Long, MirrorId> told = history.get(job.id());
    if (line.number("epoch") != job.epoch() + 1 || !mirror.equals(told.get(mirror.sequence()))) {
      throw new IllegalArgumentException("mirror " + mirror.sequence() + " was never told of");
    }
    told.tailMap(mirror.sequence(), false).clear();
    jobs.put(job.id(), job.atEpoch(line.number("epoch")).atMirror(mirror));
  }

  private Job known(JsonFields line) {
    Job job = jobs.get(line.id("job"));
    if (job == null) {
      throw new IllegalArgumentException("job " + line.id("job") + " was never added");
    }
    return job;
  }

  private Optional<Job> named(String name) {
    return jobs.values().stream()
        .filter(job -> job.terms().name().equals(Optional.of(name)))
        .findFirst();
  }

  private static List<Object> texts(List<Id128> ids) {
    return new ArrayList<>(ids.stream().map(Id128::toString).toList());
  }
}
