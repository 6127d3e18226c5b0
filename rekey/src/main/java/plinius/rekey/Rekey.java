package plinius.rekey;

import java.io.IOException;
import java.nio.IntBuffer;
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
import plinius.darknet.cfg.CfgFile;
import plinius.dataset.DataSetInfo;
import plinius.enclave.mirror.Freshness;
import plinius.enclave.mirror.MirrorException;
import plinius.enclave.mirror.MirrorTerms;
import plinius.enclave.mirror.MirroredTensor;
import plinius.enclave.mirror.ModelMirror;
import plinius.enclave.mirror.Progress;
import plinius.kernel.Kernels;
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
  private static final String ASIDE = ".old-key";
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
    if (request.oldKey().id().equals(request.newKey().id())) {
      throw new Refusal(
          ExitCode.USAGE, "the new key is the old one: `plinius key new` makes another");
    }
    if (!Files.isDirectory(request.pm())) {
      throw refused("there is no folder " + request.pm() + ": name the pool's with --pm");
    }
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
    PoolInfo info = inspect(request.pm().resolve(POOL));
    Id128 id = Id128.parse(info.identity().jobId());
    Id128 keyId = Id128.parse(info.identity().keyId());
    boolean exchanged = keyId.equals(request.newKey().id());
    if (!exchanged && !keyId.equals(request.oldKey().id())) {
      throw refused(
          "the pool in " + request.pm() + " is sealed under another key, with id " + keyId);
    }
    Job old =
        oldRecord
            .job(id)
            .orElseThrow(
                () -> refused("the record beside the old key knows no job " + id + ": train once"));
    if (exchanged && newRecord.job(id).isEmpty()) {
      throw refused(
          "the pool is under the new key already, and the record beside it knows no job " + id);
    }
    Map<Id128, Id128> sets = sealData(old);
    reached.accept(Step.DATA_SEALED);
    if (newRecord.job(id).isEmpty()) {
      prepare(old, info, sets, oldRecord, newRecord);
    }
    Job made = newRecord.job(id).orElseThrow();
    requireSameData(old, made, sets);
    if (!exchanged) {
      exchange(old, made, oldRecord, newRecord);
    }
    reached.accept(Step.POOL_EXCHANGED);
    if (!old.permission().revoked()) {
      oldRecord.revoke(id);
    }
    reached.accept(Step.OLD_JOB_REVOKED);
    putBestAside();
    return newRecord.job(id).orElseThrow();
  }

  /** Only what was made from the newest mirror of the old pool takes its place. */
  private void exchange(Job old, Job made, BrokerRecord oldRecord, BrokerRecord newRecord)
      throws IOException {
    requireSameState(old, made);
    agree(old.permission(), made, oldRecord, newRecord);
    Path pool = request.pm().resolve(POOL);
    Path aside = request.pm().resolve(POOL + ASIDE);
    // A second name, so that at each instant there is a model.pm.
    Files.deleteIfExists(aside);
    Files.createLink(aside, pool);
    force(request.pm());
    Files.move(
        request.pm().resolve(NEW_POOL),
        pool,
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
    force(request.pm());
  }

  /** The owner may have said something else to the old job since an earlier run was killed. */
  private void agree(Permission wanted, Job made, BrokerRecord oldRecord, BrokerRecord newRecord) {
    if (!made.permission().equals(wanted)) {
      newRecord.permit(
          made.id(), new Permission(keepPolicy(wanted, oldRecord, newRecord), wanted.until()));
      if (wanted.revoked()) {
        newRecord.revoke(made.id());
      }
    }
  }

  private static Optional<String> keepPolicy(
      Permission permission, BrokerRecord oldRecord, BrokerRecord newRecord) {
    return permission
        .policy()
        .map(digest -> newRecord.keepPolicy("the old policy", oldRecord.policyText(digest)));
  }

  /** Nothing opens it under the new key; the best model begins anew. */
  private void putBestAside() throws IOException {
    Path best = request.pm().resolve(BEST);
    if (Files.exists(best)
        && Id128.parse(inspect(best).identity().keyId()).equals(request.oldKey().id())) {
      Files.move(best, request.pm().resolve(BEST + ASIDE), StandardCopyOption.REPLACE_EXISTING);
    }
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
    JobTerms terms = old.terms();
    JobTerms newTerms =
        new JobTerms(
            terms.name(), terms.cfgDigest(), terms.seed(), newSets(old, sets), terms.freshness());
    Mirrored written = writePool(old, info);
    reached.accept(Step.POOL_WRITTEN);
    Permission permission = old.permission();
    newRecord.addBegun(
        old.id(),
        newTerms,
        written.epoch(),
        written.newest(),
        new Permission(
            keepPolicy(permission, oldRecord, newRecord),
            permission.until(),
            permission.revoked()));
    reached.accept(Step.RECORD_WRITTEN);
  }

  private static List<Id128> newSets(Job old, Map<Id128, Id128> sets) {
    List<Id128> newSets = new ArrayList<>();
    for (Id128 set : old.terms().dataSets()) {
      if (!sets.containsKey(set)) {
        throw refused("the job reads the data set " + set + " too: name its file with --data");
      }
      newSets.add(sets.get(set));
    }
    return newSets;
  }

  private static void requireSameData(Job old, Job made, Map<Id128, Id128> sets) {
    List<Id128> files = newSets(old, sets);
    if (!made.terms().dataSets().equals(files)) {
      throw refused(
          "the record beside the new key has the data sets "
              + made.terms().dataSets()
              + ", and the files under it are "
              + files
              + ": name those that the first run made, or use another new key");
    }
  }

  private record Mirrored(MirrorId newest, long epoch) {}

  private Mirrored writePool(Job old, PoolInfo info) throws IOException {
    Path fresh = request.pm().resolve(NEW_POOL);
    Files.deleteIfExists(fresh);
    long seed = old.terms().seed();
    try (Workers workers = new Workers(1)) {
      Network network = network(old, workers);
      List<MirroredTensor> tensors = tensors(network);
      Progress progress = read(POOL, old, request.oldKey(), network, tensors);
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

  private Network network(Job job, Workers workers) {
    return Network.build(
        request.cfg(), new NetworkOptions(new ScalarKernels(), workers, job.terms().seed(), true));
  }

  private static List<MirroredTensor> tensors(Network network) {
    return network.state().stream()
        .map(t -> new MirroredTensor(t.name(), t.shape(), t.block(), t.offset(), t.count()))
        .toList();
  }

  /** The newest mirror of a pool. An older one than the record knows of must not become newest. */
  private Progress read(
      String name, Job job, OwnerKey key, Network network, List<MirroredTensor> tensors) {
    Path file = request.pm().resolve(name);
    PersistentMemory memory = MappedMemory.open(file, Access.READ_ONLY, WriteBack.AUTO);
    try (SecretBytes jobKey = key.jobKey(job.id());
        SecretBytes digestKey = key.digestKey(job.terms().seed());
        ModelMirror mirror =
            ModelMirror.open(memory, terms(job, key, jobKey, digestKey, network), tensors)) {
      new Freshness(job.terms().freshness(), job.newest(), _ -> {}).accept(mirror);
      return mirror
          .mirrorIn()
          .orElseThrow(() -> refused(file + " holds no mirror yet: begin a new job instead"));
    } catch (MirrorException.Stale | MirrorException.Tampered e) {
      throw new Refusal(ExitCode.TAMPERED, file + ": " + e.getMessage());
    } catch (MirrorException e) {
      throw refused(file + ": " + e.getMessage());
    }
  }

  /**
   * The pool that an earlier run wrote has to be the one that the new record knows of, and to hold
   * what the old pool holds now: the old key may have trained on meanwhile.
   */
  private void requireSameState(Job old, Job made) {
    if (!Files.exists(request.pm().resolve(NEW_POOL))) {
      throw refused(
          "the record beside the new key knows job "
              + made.id()
              + " already, and its pool is not in "
              + request.pm()
              + ": use another new key");
    }
    try (Workers workers = new Workers(1)) {
      Network was = network(old, workers);
      Network is = network(made, workers);
      List<MirroredTensor> wasTensors = tensors(was);
      List<MirroredTensor> isTensors = tensors(is);
      Progress progress = read(POOL, old, request.oldKey(), was, wasTensors);
      Progress rekeyed = read(NEW_POOL, made, request.newKey(), is, isTensors);
      if (!progress.equals(rekeyed) || !same(wasTensors, isTensors)) {
        throw refused(
            "the job was trained on under the old key after an earlier rekey had read its pool, to"
                + " iteration "
                + progress.iteration()
                + " from "
                + rekeyed.iteration()
                + ": nothing was exchanged; rekey to another new key, with other --new-data");
      }
    }
  }

  private static boolean same(List<MirroredTensor> one, List<MirroredTensor> other) {
    for (int i = 0; i < one.size(); i++) {
      if (!bits(one.get(i)).equals(bits(other.get(i)))) {
        return false;
      }
    }
    return one.size() == other.size();
  }

  // As bits: a NaN is the same as itself, and 0 is not -0.
  private static IntBuffer bits(MirroredTensor tensor) {
    int[] bits = new int[tensor.count()];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(tensor.block()[tensor.offset() + i]);
    }
    return IntBuffer.wrap(bits);
  }

  private MirrorTerms terms(
      Job old, OwnerKey key, SecretBytes jobKey, SecretBytes digestKey, Network network) {
    return new MirrorTerms(
        old.id(),
        key.id(),
        jobKey,
        Math.addExact(old.epoch(), 1),
        request.cfg().canonical(),
        old.terms().seed(),
        network.plan(),
        network.shards(),
        old.replan() == Kernels.VERSION,
        digestKey);
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
              if (!Files.exists(to)) {
                Resealing.reseal(from, request.oldKey(), to, request.newKey());
              } else if (!Resealing.same(from, request.oldKey(), to, request.newKey())) {
                throw refused(
                    to + " exists and is not " + from + " under the new key: name another file");
              }
              sets.put(info.id(), SealedFile.info(to).id());
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
      return Pool.open(memory).info();
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
