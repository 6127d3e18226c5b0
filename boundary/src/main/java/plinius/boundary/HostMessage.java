package plinius.boundary;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the host may say to the enclave. All of it is a claim of somebody who is not trusted: the
 * enclave believes of it only what its grant or an authentication tag bears out, and what belongs
 * to the operator anyway (threads, how often to mirror, where files lie).
 */
public sealed interface HostMessage extends Message {
  /** What the enclave shall do. */
  enum Mode {
    TRAIN,
    /** Says how well the model does on a data set. */
    TEST,
    /** Seals the model's outputs for a data set to the owner. */
    PREDICT,
    /** Seals a text that the model writes to the owner. */
    GENERATE,
    /** Seals what the model finds in scenes to the owner. */
    DETECT
  }

  /**
   * What only some modes ask.
   *
   * @param length characters to generate
   * @param temperature below 1 for more likely characters, above for more surprising ones
   * @param draws seed of the choice of characters
   * @param best whether to take the best validated model, not the newest
   * @param threshold below which a probability is no find
   * @param overlap of two boxes, intersection over union, above which the less probable is dropped
   */
  record Query(
      int length, double temperature, long draws, boolean best, double threshold, double overlap) {
    public static final Query NONE = new Query(0, 1, 0, false, .5, .45);

    public Query {
      Message.check(temperature > 0 && temperature <= 100, "temperature", temperature);
      Message.check(threshold >= 0 && threshold <= 1, "threshold", threshold);
      Message.check(overlap >= 0 && overlap <= 1, "overlap", overlap);
    }
  }

  /** How lines leave the processor's caches. */
  enum WriteBack {
    AUTO,
    CLWB,
    CLFLUSHOPT,
    CLFLUSH,
    MSYNC
  }

  /** The transaction protocol of the pool. */
  enum Protocol {
    PING_PONG,
    ROMULUS
  }

  /** One {@code --set key=value} for section [net]. */
  record Setting(String key, String value) {
    public Setting {
      Message.check(!key.isEmpty(), "setting key", "empty");
    }
  }

  /**
   * A sealed data set.
   *
   * @param name what people call it, for messages
   * @param path the file to map
   */
  record DataFile(String name, String path) {
    public DataFile {
      Message.check(!path.isEmpty(), "data path", "empty");
    }
  }

  /**
   * The first message, and the only one of its kind.
   *
   * @param cfgName file name of the configuration, for messages
   * @param cfgText the configuration as it is in its file
   * @param data what to train with or to look at
   * @param valid what to validate on while training
   * @param query what only some modes ask
   * @param poolPath the pool, which need not exist yet
   * @param bestPath the pool of the best validated model, which need not exist either
   * @param lockPath the lock file of which the enclave takes byte 1
   * @param platformPath where a simulated platform keeps its keys; empty for hardware
   * @param job 16 bytes, the job whose grant to ask for
   * @param threads how many threads compute
   * @param mirrorEvery iterations from one mirror to the next
   * @param validEvery iterations from one validation to the next, 0 for none but the last
   * @param iterations stop after so many in all, 0 for as many as the configuration says
   * @param poolBytes size of a new pool, 0 for what the network needs
   * @param restart what the last {@link EnclaveMessage.SealedRestart} held; empty if there is none
   * @param phases whether to say when a phase begins
   */
  record Begin(
      Mode mode,
      String cfgName,
      String cfgText,
      List<Setting> settings,
      DataFile data,
      Optional<DataFile> valid,
      Query query,
      String poolPath,
      String bestPath,
      String lockPath,
      String platformPath,
      Bytes job,
      int threads,
      int mirrorEvery,
      int validEvery,
      int iterations,
      WriteBack writeBack,
      Protocol protocol,
      long poolBytes,
      Bytes restart,
      boolean phases)
      implements HostMessage {
    public Begin {
      settings = List.copyOf(settings);
      Set<String> keys = new HashSet<>();
      for (Setting setting : settings) {
        Message.check(keys.add(setting.key()), "settings: a key given twice", setting.key());
      }
      Message.check(job.length() == 16, "job", job);
      Message.check(threads >= 1 && threads <= 1024, "threads", threads);
      Message.check(mirrorEvery >= 1, "mirrorEvery", mirrorEvery);
      Message.check(poolBytes >= 0, "poolBytes", poolBytes);
      Message.check(restart.length() <= Message.RESTART_BYTES_MAX, "restart", restart.length());
    }
  }

  /**
   * The broker's answer to the last {@link EnclaveMessage.KbsCall}.
   *
   * @param cookie the session cookie's value, where the answer set one
   */
  record KbsReply(int status, Optional<String> cookie, Bytes body) implements HostMessage {
    public KbsReply {
      Message.check(status >= 100 && status <= 599, "status", status);
    }
  }

  /** The broker did not answer the last {@link EnclaveMessage.KbsCall}. */
  record KbsUnreachable(String reason) implements HostMessage {}

  /** The file that {@link EnclaveMessage.NeedPool} asked for exists, all zero and preallocated. */
  record PoolReady() implements HostMessage {}

  /** Finish the iteration, mirror it, say {@link EnclaveMessage.Stopped} and end. */
  record Stop() implements HostMessage {}
}
