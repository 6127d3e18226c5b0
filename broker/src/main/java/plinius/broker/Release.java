package plinius.broker;

/** Whether a job's keys go out. */
sealed interface Release {
  /** They do; the log says so already. */
  record Granted(Job job) implements Release {}

  /** They do not: revoked, ended, or not for this evidence. */
  record Denied(String reason) implements Release {}

  /** There is no such job. */
  record NoJob() implements Release {}
}
