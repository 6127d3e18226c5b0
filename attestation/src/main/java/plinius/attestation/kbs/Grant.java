package plinius.attestation.kbs;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import plinius.attestation.AttestationException;
import plinius.seal.Id128;
import plinius.seal.SealException;
import plinius.seal.SecretBytes;
import plinius.seal.jose.Json;

/**
 * All that an enclave gets for one run of one job, in one message: so nobody on the way can put the
 * keys of two jobs together.
 *
 * @param purpose whether this run may train
 * @param job whose pool this is
 * @param epoch number of this training run of the job, from 1; for {@link GrantPurpose#READ_ONLY}
 *     that of the last one, 0 if there was none
 * @param ownerKeyId which owner's key all others derive from
 * @param jobKey K_job: 32 bytes
 * @param dataKeys keys of the data sets that this run may read; the first is the training data
 * @param digestKey key of the stateDigest: 32 bytes
 * @param orderKey key of the order of the samples: 32 bytes
 * @param cfgDigest the only .cfg that may run
 * @param seed the only seed that may run
 * @param freshness how far the pool may be ahead of the broker's record, and whether a restart may
 *     do without the broker
 * @param newest the newest mirror that the broker knows of; empty if it keeps no record, or lost it
 * @param replan version of the kernels that may go on with a model which others computed, by the
 *     owner's word; 0 for none
 * @param brokerKey whose signatures to believe from now on
 */
public record Grant(
    GrantPurpose purpose,
    Id128 job,
    long epoch,
    Id128 ownerKeyId,
    SecretBytes jobKey,
    List<DataKey> dataKeys,
    SecretBytes digestKey,
    SecretBytes orderKey,
    CfgDigest cfgDigest,
    long seed,
    FreshnessMode freshness,
    Optional<MirrorId> newest,
    long replan,
    BrokerKey brokerKey)
    implements AutoCloseable {
  /** Version of the form on the wire, without {@code replan} and with it. */
  private static final long VERSION = 2;

  private static final long REPLAN_VERSION = 3;

  /** Most data sets that one grant may hold. */
  public static final int DATA_SETS_MAX = 64;

  /** Stands for the newest mirror where the broker has no record. */
  public static final String NO_RECORD = "unknown";

  private static final int KEY_BYTES = 32;
  private static final byte END_OF_JSON = '\n';

  /**
   * The keys of one sealed data set.
   *
   * @param id the data set
   * @param recordKey unseals its records: 32 bytes
   * @param manifestKey unseals its manifest: 32 bytes
   */
  public record DataKey(Id128 id, SecretBytes recordKey, SecretBytes manifestKey) {
    public DataKey {
      Objects.requireNonNull(id);
      require("length of the record key", recordKey.length(), KEY_BYTES);
      require("length of the manifest key", manifestKey.length(), KEY_BYTES);
    }
  }

  public Grant {
    Stream.of(purpose, job, ownerKeyId, cfgDigest, freshness, newest, brokerKey)
        .forEach(Objects::requireNonNull);
    require("length of the job key", jobKey.length(), KEY_BYTES);
    require("length of the digest key", digestKey.length(), KEY_BYTES);
    require("length of the order key", orderKey.length(), KEY_BYTES);
    long first = purpose == GrantPurpose.TRAIN ? 1 : 0;
    if (epoch < first) {
      throw new IllegalArgumentException("epoch " + epoch + ", want at least " + first);
    }
    if (replan < 0) {
      throw new IllegalArgumentException("replan " + replan + ", want at least 0");
    }
    dataKeys = List.copyOf(dataKeys);
    if (dataKeys.size() > DATA_SETS_MAX) {
      throw new IllegalArgumentException(
          dataKeys.size() + " data sets in one grant, at most " + DATA_SETS_MAX);
    }
    Set<Id128> ids = new HashSet<>();
    for (DataKey key : dataKeys) {
      if (!ids.add(key.id())) {
        throw new IllegalArgumentException("data set " + key.id() + " is in the grant twice");
      }
    }
  }

  /** The keys of a data set, if this grant has them. */
  public Optional<DataKey> dataKey(Id128 dataSet) {
    return dataKeys.stream().filter(key -> key.id().equals(dataSet)).findFirst();
  }

  /**
   * What is public in JSON, a line feed, the keys as they are; to be encrypted at once and wiped.
   */
  public byte[] toBytes() {
    byte[] json = Json.write(members()).getBytes(StandardCharsets.UTF_8);
    List<SecretBytes> keys = keys();
    ByteBuffer bytes = ByteBuffer.allocate(json.length + 1 + keys.size() * KEY_BYTES);
    bytes.put(json).put(END_OF_JSON);
    for (SecretBytes key : keys) {
      byte[] copy = key.copy();
      bytes.put(copy);
      Arrays.fill(copy, (byte) 0);
    }
    return bytes.array();
  }

  private Map<String, Object> members() {
    Map<String, Object> members = new TreeMap<>();
    // An enclave that knows nothing of it still reads a grant that says nothing of it.
    members.put("version", replan == 0 ? VERSION : REPLAN_VERSION);
    if (replan != 0) {
      members.put("replan", replan);
    }
    members.put("purpose", purpose.wireName());
    members.put("job", job.toString());
    members.put("epoch", epoch);
    members.put("ownerKeyId", ownerKeyId.toString());
    members.put("dataSets", dataKeys.stream().map(key -> key.id().toString()).toList());
    members.put("cfgDigest", cfgDigest.hex());
    // As text: JSON numbers beyond 2^53 are not the same everywhere.
    members.put("seed", Long.toString(seed));
    members.put("freshness", freshness.wireName());
    members.put("newest", newest.map(MirrorId::toString).orElse(NO_RECORD));
    members.put("brokerKey", brokerKey.spki());
    return members;
  }

  /** In the order in which they are written. */
  private List<SecretBytes> keys() {
    List<SecretBytes> keys = new ArrayList<>(List.of(jobKey, digestKey, orderKey));
    for (DataKey key : dataKeys) {
      keys.add(key.recordKey());
      keys.add(key.manifestKey());
    }
    return keys;
  }

  /**
   * Reads the bytes strictly: every member there, of its type, and no other. Keys never become
   * text, which could not be wiped.
   *
   * @throws AttestationException.BadMessage if it is anything else
   */
  public static Grant ofBytes(byte[] bytes) {
    int json = 0;
    while (json < bytes.length && bytes[json] != END_OF_JSON) {
      json++;
    }
    int keys = Math.min(json + 1, bytes.length);
    try {
      return read(
          Json.parseObject(new String(bytes, 0, json, StandardCharsets.UTF_8)),
          ByteBuffer.wrap(bytes, keys, bytes.length - keys));
    } catch (SealException | IllegalArgumentException e) {
      throw new AttestationException.BadMessage("the grant is not valid: " + e.getMessage());
    }
  }

  private static Grant read(Map<String, Object> members, ByteBuffer keys) {
    long version = Json.member(members, "version", Long.class, "a number");
    boolean replanned = version == REPLAN_VERSION;
    require("version", version, replanned ? REPLAN_VERSION : VERSION);
    List<?> dataSets = Json.member(members, "dataSets", List.class, "an array");
    require("length of its keys", keys.remaining(), (3L + 2L * dataSets.size()) * KEY_BYTES);
    SecretBytes jobKey = take(keys);
    SecretBytes digestKey = take(keys);
    SecretBytes orderKey = take(keys);
    List<DataKey> dataKeys = new ArrayList<>();
    for (Object id : dataSets) {
      dataKeys.add(new DataKey(Id128.parse(id.toString()), take(keys), take(keys)));
    }
    Grant grant =
        new Grant(
            GrantPurpose.ofWireName(Json.string(members, "purpose")),
            Id128.parse(Json.string(members, "job")),
            Json.member(members, "epoch", Long.class, "a number"),
            Id128.parse(Json.string(members, "ownerKeyId")),
            jobKey,
            dataKeys,
            digestKey,
            orderKey,
            new CfgDigest(Json.string(members, "cfgDigest")),
            Long.parseLong(Json.string(members, "seed")),
            FreshnessMode.ofWireName(Json.string(members, "freshness")),
            Optional.of(Json.string(members, "newest"))
                .filter(text -> !text.equals(NO_RECORD))
                .map(MirrorId::parse),
            replanned ? Json.member(members, "replan", Long.class, "a number") : 0,
            new BrokerKey(Json.string(members, "brokerKey")));
    // What we do not know we do not pretend to obey.
    members.keySet().removeAll(grant.members().keySet());
    if (!members.isEmpty()) {
      throw new IllegalArgumentException("it has members we do not know: " + members.keySet());
    }
    return grant;
  }

  private static SecretBytes take(ByteBuffer keys) {
    byte[] key = new byte[KEY_BYTES];
    keys.get(key);
    return SecretBytes.owning(key);
  }

  /** Wipes the keys. */
  @Override
  public void close() {
    keys().forEach(SecretBytes::close);
  }

  private static void require(String what, long got, long want) {
    if (got != want) {
      throw new IllegalArgumentException("the " + what + " is " + got + ", want " + want);
    }
  }
}
