package plinius.attestation.kbs;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import plinius.attestation.AttestationException;
import plinius.seal.Id128;
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
 * @param freshness how far the pool may be ahead of the broker's record
 * @param newest the newest mirror that the broker knows of; empty if it keeps no record, or lost it
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
    BrokerKey brokerKey)
    implements AutoCloseable {
  /** Version of the JSON form. */
  public static final long VERSION = 1;

  /** Most data sets that one grant may hold. */
  public static final int DATA_SETS_MAX = 64;

  /** Stands for the newest mirror where the broker has no record. */
  public static final String NO_RECORD = "unknown";

  private static final int KEY_BYTES = 32;

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
      requireKey("record key", recordKey);
      requireKey("manifest key", manifestKey);
    }
  }

  public Grant {
    Objects.requireNonNull(purpose);
    Objects.requireNonNull(job);
    Objects.requireNonNull(ownerKeyId);
    Objects.requireNonNull(cfgDigest);
    Objects.requireNonNull(freshness);
    Objects.requireNonNull(newest);
    Objects.requireNonNull(brokerKey);
    requireKey("job key", jobKey);
    requireKey("digest key", digestKey);
    requireKey("order key", orderKey);
    long first = purpose == GrantPurpose.TRAIN ? 1 : 0;
    if (epoch < first) {
      throw new IllegalArgumentException("epoch " + epoch + ", want at least " + first);
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

  /** The JSON text, UTF-8, to be encrypted at once. The caller wipes it. */
  public byte[] toJson() {
    Map<String, Object> members = new TreeMap<>();
    members.put("version", VERSION);
    members.put("purpose", purpose.wireName());
    members.put("job", job.toString());
    members.put("epoch", epoch);
    members.put("ownerKeyId", ownerKeyId.toString());
    members.put("jobKey", base64(jobKey));
    List<Object> keys = new ArrayList<>();
    for (DataKey key : dataKeys) {
      keys.add(
          new TreeMap<String, Object>(
              Map.of(
                  "id", key.id().toString(),
                  "recordKey", base64(key.recordKey()),
                  "manifestKey", base64(key.manifestKey()))));
    }
    members.put("dataKeys", keys);
    members.put("digestKey", base64(digestKey));
    members.put("orderKey", base64(orderKey));
    members.put("cfgDigest", cfgDigest.hex());
    // As text: JSON numbers beyond 2^53 are not the same everywhere.
    members.put("seed", Long.toString(seed));
    members.put("freshness", freshness.wireName());
    members.put("newest", newest.map(MirrorId::toString).orElse(NO_RECORD));
    members.put("brokerKey", brokerKey.spki());
    return Json.write(members).getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads the JSON text strictly: every member there, of its type, and no other.
   *
   * @throws AttestationException.BadMessage if it is anything else
   */
  public static Grant ofJson(byte[] json) {
    JsonFields fields = JsonFields.parse("the grant", new String(json, StandardCharsets.UTF_8));
    long version = fields.number("version");
    if (version != VERSION) {
      throw new AttestationException.BadMessage(
          "the grant has version " + version + ", want " + VERSION);
    }
    List<DataKey> dataKeys = new ArrayList<>();
    for (JsonFields key : fields.objects("dataKeys")) {
      dataKeys.add(new DataKey(key.id("id"), secret(key, "recordKey"), secret(key, "manifestKey")));
      key.requireNothingElse();
    }
    try {
      Grant grant =
          new Grant(
              GrantPurpose.ofWireName(fields.string("purpose")),
              fields.id("job"),
              fields.number("epoch"),
              fields.id("ownerKeyId"),
              secret(fields, "jobKey"),
              dataKeys,
              secret(fields, "digestKey"),
              secret(fields, "orderKey"),
              new CfgDigest(fields.string("cfgDigest")),
              Long.parseLong(fields.string("seed")),
              FreshnessMode.ofWireName(fields.string("freshness")),
              Optional.of(fields.string("newest"))
                  .filter(text -> !text.equals(NO_RECORD))
                  .map(MirrorId::parse),
              new BrokerKey(fields.string("brokerKey")));
      fields.requireNothingElse();
      return grant;
    } catch (IllegalArgumentException e) {
      throw new AttestationException.BadMessage("the grant is not valid: " + e.getMessage(), e);
    }
  }

  /** Wipes the keys. */
  @Override
  public void close() {
    jobKey.close();
    digestKey.close();
    orderKey.close();
    for (DataKey key : dataKeys) {
      key.recordKey().close();
      key.manifestKey().close();
    }
  }

  private static void requireKey(String what, SecretBytes key) {
    if (key.length() != KEY_BYTES) {
      throw new IllegalArgumentException(
          "the " + what + " is " + key.length() + " bytes, want " + KEY_BYTES);
    }
  }

  private static SecretBytes secret(JsonFields fields, String name) {
    byte[] bytes = fields.base64(name, KEY_BYTES);
    try {
      return SecretBytes.copyOf(bytes);
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  private static String base64(SecretBytes secret) {
    byte[] bytes = secret.copy();
    try {
      return Base64.getEncoder().encodeToString(bytes);
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }
}
