package plinius.system;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import plinius.dataset.DataSetInfo;
import plinius.owner.OwnerKey;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;
import plinius.romulus.Pool;
import plinius.romulus.ReadTx;
import plinius.seal.Id128;
import plinius.seal.KeyDerivation;
import plinius.seal.SecretBytes;

/** All keys of a job, as its owner can compute them: what nobody else may find anywhere. */
final class JobKeys {
  private static final long SEED = 1;

  private JobKeys() {}

  /** Each key under its name; the state key is that of the run which wrote the newest mirror. */
  static Map<String, byte[]> of(Path keyFile, Path pm, DataSetInfo data) throws Exception {
    Map<String, byte[]> keys = new LinkedHashMap<>();
    keys.put("the owner's key", master(keyFile));
    try (OwnerKey owner = OwnerKey.load(keyFile, () -> new char[0]);
        PersistentMemory memory =
            MappedMemory.open(pm.resolve("model.pm"), Access.READ_ONLY, WriteBack.AUTO);
        Pool pool = Pool.open(memory)) {
      Id128 job = Id128.parse(pool.info().identity().jobId());
      try (SecretBytes jobKey = owner.jobKey(job)) {
        keys.put("K_job", jobKey.copy());
        keys.put("the state key", pool.read(tx -> stateKey(tx, jobKey, job)));
      }
      keys.put("the record key", taken(owner.recordKey(data.id())));
      keys.put("the manifest key", taken(owner.manifestKey(data.id())));
      keys.put("the digest key", taken(owner.digestKey(SEED)));
      keys.put("the order key", taken(owner.orderKey(SEED)));
    }
    return keys;
  }

  private static byte[] master(Path keyFile) throws Exception {
    String line =
        Files.readString(keyFile, StandardCharsets.US_ASCII)
            .lines()
            .filter(text -> text.startsWith("key "))
            .findFirst()
            .orElseThrow();
    return HexFormat.of().parseHex(line.substring(4));
  }

  private static byte[] stateKey(ReadTx tx, SecretBytes jobKey, Id128 job) {
    long block = tx.root("mirror");
    byte[] salt = new byte[16];
    tx.read(block + 16, salt, 0, salt.length);
    long epoch = tx.getLong(block + 8);
    return taken(
        KeyDerivation.derive(
            jobKey, salt, "plinius/state", job.bytes(), KeyDerivation.part(epoch)));
  }

  private static byte[] taken(SecretBytes key) {
    try (key) {
      return key.copy();
    }
  }
}
