package plinius.rekey;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import plinius.attestation.kbs.CfgDigest;
import plinius.attestation.kbs.MirrorId;
import plinius.broker.BrokerRecord;
import plinius.broker.Job;
import plinius.broker.JobTerms;
import plinius.broker.Permission;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.Quirks;
import plinius.darknet.cfg.CfgFile;
import plinius.dataset.DataSetInfo;
import plinius.enclave.mirror.Freshness;
import plinius.enclave.mirror.MirrorException;
import plinius.enclave.mirror.MirrorTerms;
import plinius.enclave.mirror.MirroredTensor;
import plinius.enclave.mirror.ModelMirror;
import plinius.enclave.mirror.Progress;
import plinius.kernel.Workers;
import plinius.owner.OwnerKey;
import plinius.owner.SealedFile;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;
import plinius.reference.ScalarKernels;
import plinius.romulus.Pool;
import plinius.romulus.PoolInfo;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;

/**
 * Gives a job new keys. Everything new is made durable beside the old: the data under another name,
 * the pool as model.pm.rekeyed, the record beside the new key. Then one rename exchanges the pools.
 * Killed before it, the old key works on the old pool; after it, the new one on the new pool; and
 * the same command goes on from wherever it was killed.
 *
 * <p>Order of samples and state digest come from the owner's key, so from here on both are others
 * than they would have been.
 */
final class Rekey {
  static final String POOL = "model.pm";
  static final String NEW_POOL = "model.pm.rekeyed";
  private static final String BEST = "best.pm";
  private static final String LOCK = "lock";

  /** What is durable; tests stop at each. */
  enum Step {
    DATA_SEALED,
    POOL_WRITTEN,
    RECORD_WRITTEN,
    POOL_EXCHANGED,
    OLD_JOB_REVOKED
  }

  /**
   * What is asked for.
   *
   * @param oldState the record beside the old key
   * @param newState the record beside the new key
   * @param data from each sealed file of the job to the one to make
   * @param pm the folder of the pool
   */
  record Request(
      OwnerKey oldKey,
      Path oldState,
      OwnerKey newKey,
      Path newState,
      Map<Path, Path> data,
      Path pm,
      CfgFile cfg) {
    Request {
      data = new LinkedHashMap<>(data);
    }
  }

  private final Request request;
  private final Consumer<Step> reached;

  private Rekey(Request request, Consumer<Step> reached) {
    this.request = request;
    this.reached = reached;
  }

  /**
   * Does it, or goes on with it.
   *
   * @param reached is told after each step
   * @return the job, as the new record has it
   */
  static Job run(Request request, Consumer<Step> reached) throws IOException {
    Rekey rekey = new Rekey(request, reached);
    try (FileChannel channel =
            FileChannel.open(
                request.pm().resolve(LOCK),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock(0, 2, false);
        BrokerRecord oldRecord =
            BrokerRecord.open(request.oldKey(), request.oldState(), Clock.systemUTC());
        BrokerRecord newRecord =
            BrokerRecord.open(request.newKey(), request.newState(), Clock.systemUTC())) {
      if (lock == null) {
        throw new Refusal(
            ExitCode.IN_USE, "the pool in " + request.pm() + " is in use: wait for its run to end");
      }
      return rekey.run(oldRecord, newRecord);
    }
  }

  private Job run(BrokerRecord oldRecord, BrokerRecord newRecord) throws IOException {
    Path pool = request.pm().resolve(POOL);
    PoolInfo info = inspect(pool);
    Id128 id = Id128.of(info.identity().jobId());
    Id128 keyId = Id128.of(info.identity().keyId());
    Job old =
        oldRecord
            .job(id)
            .orElseThrow(
                () -> refused("the record beside the old key knows no job " + id + ": train once"));
    Map<Id128, Id128> sets = sealData(old);
    reached.accept(Step.DATA_SEALED);
    if (!keyId.equals(request.newKey().id())) {
      if (!keyId.equals(request.oldKey().id())) {
        throw refused("the pool " + pool + " is sealed under another key, with id " + keyId);
      }
      if (newRecord.job(id).isEmpty()) {
        prepare(old, info, sets, oldRecord, newRecord);
      }
      requireRecorded(newRecord.job(id).orElseThrow());
      Files.move(
          request.pm().resolve(NEW_POOL),
          pool,
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
      force(request.pm());
    }
    reached.accept(Step.POOL_EXCHANGED);
    // Nothing opens it under the new key; the best model begins anew.
    if (Files.exists(request.pm().resolve(BEST))) {
      Files.move(
          request.pm().resolve(BEST),
          request.pm().resolve(BEST + ".old-key"),
          StandardCopyOption.REPLACE_EXISTING);
    }
    if (!old.permission().revoked()) {
      oldRecord.revoke(id);
    }
    reached.accept(Step.OLD_JOB_REVOKED);
    return newRecord.job(id).orElseThrow(() -> refused("the new record knows no job " + id));
  }

  /** The new pool, and the new record, which comes last: it is what the exchange relies on. */
  private void prepare(
      Job old,
      PoolInfo info,
      Map<Id128, Id128> sets,
      BrokerRecord oldRecord,
      BrokerRecord newRecord)
      throws IOException {
    if (!CfgDigest.ofCanonical(request.cfg().canonical()).equals(old.terms().cfgDigest())) {
      throw refused("the job was added with another cfg, or other --set values");
    }
    List<Id128> newSets = new ArrayList<>();
    for (Id128 set : old.terms().dataSets()) {
      if (!sets.containsKey(set)) {
        throw refused("the job reads the data set " + set + " too: name its file with --data");
      }
      newSets.add(sets.get(set));
    }
    JobTerms terms = old.terms();
    Mirrored written = writePool(old, info);
    reached.accept(Step.POOL_WRITTEN);
    JobTerms newTerms =
        new JobTerms(terms.name(), terms.cfgDigest(), terms.seed(), newSets, terms.freshness());
    Permission permission = old.permission();
    Optional<String> policy =
        permission
            .policy()
            .map(digest -> newRecord.keepPolicy("the old policy", oldRecord.policyText(digest)));
    Job taken = newRecord.addBegun(old.id(), newTerms, written.epoch(), written.newest());
    newRecord.permit(taken.id(), new Permission(policy, permission.until()));
    reached.accept(Step.RECORD_WRITTEN);
  }

  private record Mirrored(MirrorId newest, long epoch) {}

  private Mirrored writePool(Job old, PoolInfo info) throws IOException {
    Path fresh = request.pm().resolve(NEW_POOL);
    Files.deleteIfExists(fresh);
    long seed = old.terms().seed();
    try (Workers workers = new Workers(1)) {
      Network network =
          Network.build(
              request.cfg(),
              new NetworkOptions(new ScalarKernels(), workers, seed, Quirks.none(), true));
      List<MirroredTensor> tensors =
          network.state().stream()
              .map(t -> new MirroredTensor(t.name(), t.shape(), t.block(), t.offset(), t.count()))
              .toList();
      Progress progress = readOld(old, network, tensors);
      preallocate(fresh, Math.max(info.poolBytes(), ModelMirror.poolBytes(tensors)));
      try (SecretBytes jobKey = request.newKey().jobKey(old.id());
          SecretBytes digestKey = request.newKey().digestKey(seed);
          ModelMirror mirror =
              ModelMirror.create(
                  MappedMemory.open(fresh, Access.READ_WRITE, WriteBack.AUTO),
                  info.protocol(),
                  terms(old, request.newKey(), jobKey, digestKey, network),
                  tensors)) {
        mirror.mirrorOut(progress);
        mirror.pool().persist();
        force(fresh);
        force(request.pm());
        return new Mirrored(mirror.newest(), mirror.epoch());
      }
    }
  }

  private Progress readOld(Job old, Network network, List<MirroredTensor> tensors) {
    PersistentMemory memory =
        MappedMemory.open(request.pm().resolve(POOL), Access.READ_ONLY, WriteBack.AUTO);
    try (SecretBytes jobKey = request.oldKey().jobKey(old.id());
        SecretBytes digestKey = request.oldKey().digestKey(old.terms().seed());
        ModelMirror mirror =
            ModelMirror.open(
                memory, terms(old, request.oldKey(), jobKey, digestKey, network), tensors)) {
      // An older pool than the record knows of must not become the newest one.
      new Freshness(old.terms().freshness(), old.newest(), _ -> {}).accept(mirror);
      return mirror
          .mirrorIn()
          .orElseThrow(() -> refused("the pool holds no mirror yet: begin a new job instead"));
    } catch (MirrorException.Stale | MirrorException.Tampered e) {
      throw new Refusal(ExitCode.TAMPERED, e.getMessage());
    } catch (MirrorException e) {
      throw refused(e.getMessage());
    }
  }

  private MirrorTerms terms(
      Job old, OwnerKey key, SecretBytes jobKey, SecretBytes digestKey, Network network) {
    return new MirrorTerms(
        old.id(),
        key.id(),
        jobKey,
        Math.addExact(old.epoch(), 1),
        CfgDigest.ofCanonical(request.cfg().canonical()).bytes(),
        request.cfg().canonical(),
        old.terms().seed(),
        network.plan(),
        network.shards(),
        digestKey);
  }

  /** The pool that an earlier run wrote has to be the one that the new record knows of. */
  private void requireRecorded(Job job) {
    Path fresh = request.pm().resolve(NEW_POOL);
    if (!Files.exists(fresh)
        || !Id128.of(inspect(fresh).identity().keyId()).equals(request.newKey().id())
        || !Id128.of(inspect(fresh).identity().jobId()).equals(job.id())) {
      throw refused(
          "the record beside the new key knows job "
              + job.id()
              + " already, and its pool is not in "
              + request.pm()
              + ": use another new key");
    }
  }

  /** By the old data set, the new one. A file that is there already was made by an earlier run. */
  private Map<Id128, Id128> sealData(Job old) {
    Map<Id128, Id128> sets = new LinkedHashMap<>();
    request
        .data()
        .forEach(
            (from, to) -> {
              DataSetInfo info = SealedFile.info(from);
              if (!info.ownerKeyId().equals(request.oldKey().id())) {
                throw refused(from + " is sealed under another key than the old one");
              }
              DataSetInfo made =
                  Files.exists(to)
                      ? SealedFile.info(to)
                      : Resealing.reseal(from, request.oldKey(), to, request.newKey());
              if (!made.ownerKeyId().equals(request.newKey().id())
                  || !made.kind().equals(info.kind())
                  || made.records() != info.records()) {
                throw refused(to + " exists and is not " + from + " under the new key");
              }
              sets.put(info.id(), made.id());
            });
    if (!sets.containsKey(old.terms().dataSets().getFirst())) {
      throw refused("none of the files is the data set that the job trains on");
    }
    return sets;
  }

  private static PoolInfo inspect(Path file) {
    if (!Files.exists(file)) {
      throw refused("there is no pool " + file);
    }
    try (PersistentMemory memory = MappedMemory.open(file, Access.READ_ONLY, WriteBack.AUTO)) {
      return Pool.inspect(memory);
    }
  }

  // Written, not just made long: a hole on a full disk would fail in the middle of a store.
  private static void preallocate(Path file, long bytes) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      java.nio.ByteBuffer zeros = java.nio.ByteBuffer.allocate(1 << 20);
      for (long left = bytes; left > 0; left -= zeros.limit()) {
        zeros.clear().limit((int) Math.min(left, zeros.capacity()));
        int whole = zeros.limit();
        while (zeros.hasRemaining()) {
          channel.write(zeros);
        }
        zeros.limit(whole);
      }
      channel.force(true);
    }
  }

  private static void force(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static Refusal refused(String message) {
    return new Refusal(ExitCode.BAD_INPUT, message);
  }
}
