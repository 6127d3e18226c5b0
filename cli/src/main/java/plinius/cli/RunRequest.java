package plinius.cli;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import plinius.attestation.kbs.FreshnessMode;
import plinius.boundary.HostMessage.Mode;
import plinius.boundary.HostMessage.Protocol;
import plinius.boundary.HostMessage.Query;
import plinius.boundary.HostMessage.WriteBack;
import plinius.host.KillAt;

/**
 * What a run shall do, as its user asked for it; what only the owner knows is not in it yet.
 *
 * @param mode what to do
 * @param cfg the network's configuration file
 * @param settings other values for section [net]
 * @param data the sealed data set
 * @param pm the folder on persistent memory
 * @param threads how many threads compute
 * @param hardware on the confidential hardware that is there, else on a simulated platform
 * @param json events instead of text
 * @param killAt where to kill the enclave, for demonstrations and tests
 * @param recordBorder where to write down all that crosses the border, for tests
 * @param training what concerns training only
 * @param question what concerns the other modes
 */
public record RunRequest(
    Mode mode,
    Path cfg,
    Map<String, String> settings,
    Path data,
    Path pm,
    int threads,
    boolean hardware,
    boolean json,
    Optional<KillAt> killAt,
    Optional<Path> recordBorder,
    Training training,
    Question question) {

  /**
   * What concerns the modes that only look at a model.
   *
   * @param query what to ask
   * @param out where the sealed answer goes
   */
  public record Question(Query query, Optional<Path> out) {
    /** What the options are where nobody gives them. */
    public static final Question NONE = new Question(Query.NONE, Optional.empty());

    public Question {
      requireNonNull(query);
      requireNonNull(out);
    }

    /** The same to the newest model, or to the best. */
    public Question of(boolean best) {
      Query to =
          new Query(
              query.length(),
              query.temperature(),
              query.draws(),
              best,
              query.threshold(),
              query.overlap());
      return new Question(to, out);
    }
  }

  /**
   * What concerns training only.
   *
   * @param job name of the job, or its id where the owner is elsewhere
   * @param valid a sealed data set to validate on
   * @param validEvery iterations from one validation to the next, 0 for after the last only
   * @param mirrorEvery iterations from one mirror to the next
   * @param iterations stop after so many in all, 0 for as many as the configuration says
   * @param seed seed of a new job
   * @param poolBytes size of a new pool, 0 for what the network needs
   * @param writeBack how lines leave the processor's caches
   * @param protocol the pool's transaction protocol
   * @param freshness mode of a new job
   * @param fresh put an existing pool aside and start anew
   * @param replan the owner's word that this build's kernels may go on where others computed
   */
  public record Training(
      Optional<String> job,
      Optional<Path> valid,
      int validEvery,
      int mirrorEvery,
      int iterations,
      OptionalLong seed,
      long poolBytes,
      WriteBack writeBack,
      Protocol protocol,
      Optional<FreshnessMode> freshness,
      boolean fresh,
      boolean replan) {
    /** What the options are where nobody gives them. */
    public static final Training NONE =
        new Training(
            Optional.empty(),
            Optional.empty(),
            0,
            1,
            0,
            OptionalLong.empty(),
            0,
            WriteBack.AUTO,
            Protocol.PING_PONG,
            Optional.empty(),
            false,
            false);

    public Training {
      requireNonNull(job);
      requireNonNull(valid);
      requireNonNull(seed);
      requireNonNull(writeBack);
      requireNonNull(protocol);
      requireNonNull(freshness);
      atLeast("--valid-every", validEvery, 0);
      atLeast("--mirror-every", mirrorEvery, 1);
      atLeast("--iterations", iterations, 0);
    }
  }

  public RunRequest {
    requireNonNull(mode);
    requireNonNull(cfg);
    requireNonNull(data);
    requireNonNull(pm);
    requireNonNull(killAt);
    requireNonNull(recordBorder);
    requireNonNull(training);
    requireNonNull(question);
    settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
    atLeast("--threads", threads, 1);
  }

  /**
   * The same request for a training.
   *
   * @param other what concerns training
   * @return a request that differs in that
   */
  public RunRequest withTraining(Training other) {
    return with(other, question);
  }

  /** The same request with another question. */
  public RunRequest asking(Question other) {
    return with(training, other);
  }

  private RunRequest with(Training newTraining, Question newQuestion) {
    return new RunRequest(
        mode,
        cfg,
        settings,
        data,
        pm,
        threads,
        hardware,
        json,
        killAt,
        recordBorder,
        newTraining,
        newQuestion);
  }

  /** The same question, answered into a file. */
  public RunRequest answeringInto(Path file) {
    return asking(new Question(question.query, Optional.of(file)));
  }

  private static void atLeast(String option, int value, int least) {
    if (value < least) {
      throw new Refusal(ExitCode.USAGE, option + " takes " + least + " or more, got " + value);
    }
  }
}
