package plinius.enclave.mirror;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import plinius.attestation.kbs.MirrorId;
import plinius.kernel.Workers;
import plinius.pmem.PersistentMemory;
import plinius.romulus.Extent;
import plinius.romulus.Pool;
import plinius.romulus.PoolException;
import plinius.romulus.PoolIdentity;
import plinius.romulus.PoolSizing;
import plinius.romulus.Protocol;
import plinius.romulus.ReadTx;
import plinius.romulus.Tx;
import plinius.seal.KeyDerivation;
import plinius.seal.KeyedDigest;
import plinius.seal.Sealer;
import plinius.seal.SecretBytes;
import plinius.seal.Unsealer;

/**
 * A model's encrypted twin in persistent memory (Plinius, DSN 2021, section IV; mirror-out and
 * mirror-in of its Algorithm 3).
 *
 * <p>{@link #mirrorOut} seals every tensor into fresh extents and swaps them in one durable
 * transaction: whenever it is killed, the pool holds the mirror before or the one after, whole.
 * {@link #mirrorIn} authenticates all of the committed mirror before any of it is used, and opening
 * never writes.
 *
 * <p>The block under the root "mirror", little-endian:
 *
 * <pre>
 *  offset     bytes  field
 *       0         8  sequence: mirrors of this job, +1 each, never iterations
 *       8         8  epoch: training opens of this job
 *      16        16  salt of the run that wrote it
 *      32        16  extent of the header: offset, bytes
 *      48         8  number of tensors
 *  56 + 16 i      16  extent of tensor i: offset, bytes
 * </pre>
 */
public final class ModelMirror implements AutoCloseable {

  private static final String ROOT = "mirror";
  private static final String REPLAN =
      ". Its owner may say that it shall go on nevertheless, no longer bit for bit: plinius train"
          + " --key with --replan, or plinius broker replan";
  private static final int SEQUENCE_AT = 0;
  private static final int EPOCH_AT = 8;
  private static final int SALT_AT = 16;
  private static final int HEADER_AT = 32;
  private static final int COUNT_AT = 48;
  private static final int EXTENTS_AT = 56;
  private static final int EXTENT_BYTES = 16;

  private final Pool pool;
  private final MirrorTerms terms;
  private final List<MirroredTensor> tensors;
  private final MirrorHeader.Subject subject;
  private final byte[] encodedSubject;
  private final byte[] salt;
  private final Optional<MirrorHeader> opened;
  private final long epoch;
  private final List<Sealer> sealers = new ArrayList<>(); // of one key, for each thread

  private long sequence;
  private List<MirrorHeader.Ancestor> ring; // with the newest mirror
  private Workers workers;
  private SealedRecords records; // of this run's mirrors

  /** Formats the memory as a pool without a mirror. What it held is gone. */
  public static ModelMirror create(
      PersistentMemory memory, Protocol protocol, MirrorTerms terms, List<MirroredTensor> tensors) {
    PoolIdentity identity = new PoolIdentity(terms.ownerKeyId().toString(), terms.job().toString());
    PoolSizing sizing = sizing(tensors);
    // A larger pool needs a larger map of its extents.
    long twinBytes =
        memory.bytes() <= sizing.poolBytes()
            ? sizing.twinBytes()
            : PoolSizing.twinBytesFor(memory.bytes(), blockBytes(tensors));
    Pool pool = Pool.format(memory, identity, protocol, twinBytes);
    return new ModelMirror(pool, terms, tensors, Optional.empty(), new byte[0]);
  }

  /**
   * Opens a pool and authenticates its newest mirror's header; writes nothing.
   *
   * @throws MirrorException if key, job, configuration, plan or seed are not the mirror's, or if it
   *     was changed; another plan is accepted where the terms say so
   */
  public static ModelMirror open(
      PersistentMemory memory, MirrorTerms terms, List<MirroredTensor> tensors) {
    Pool pool = Pool.open(memory);
    checkIdentity(pool.info().identity(), terms);
    return inside(
        pool,
        tx -> {
          long root = tx.root(ROOT);
          if (root == 0) {
            return new ModelMirror(pool, terms, tensors, Optional.empty(), new byte[0]);
          }
          SealedRecords records = records(tx, root, terms, tensors, new Workers(1));
          MirrorHeader header;
          try (SecretBytes key = stateKey(tx, root, terms);
              Unsealer unsealer = new Unsealer(key)) {
            header = records.readHeader(tx, headerExtent(tx, root), unsealer);
          }
          checkHeader(header, tx, root, terms, tensors);
          return new ModelMirror(
              pool, terms, tensors, Optional.of(header), records.mirrorDigest(header));
        });
  }

  private static <T> T inside(Pool pool, Pool.Read<T> body) {
    return trusting(() -> pool.read(body));
  }

  /** Every offset that stands in the pool is checked where it is used: one beyond is somebody's. */
  private static <T> T trusting(Supplier<T> transaction) {
    try {
      return transaction.get();
    } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
      throw new MirrorException.Tampered(
          "model.pm: mirror", "an offset leads out of its place: " + e.getMessage());
    }
  }

  private ModelMirror(
      Pool pool,
      MirrorTerms terms,
      List<MirroredTensor> tensors,
      Optional<MirrorHeader> opened,
      byte[] mirrorDigest) {
    this.pool = pool;
    this.terms = terms;
    this.tensors = List.copyOf(tensors);
    this.subject =
        new MirrorHeader.Subject(
            terms.seed(),
            terms.shards(),
            terms.plan(),
            terms.cfgDigest(),
            terms.canonicalCfg(),
            tensors.stream()
                .map(
                    each ->
                        new MirrorHeader.Entry(
                            each.name(), SealedRecords.shapeOf(each), SealedRecords.count(each)))
                .toList());
    this.encodedSubject = subject.encode();
    this.opened = opened;
    this.sequence = opened.map(MirrorHeader::sequence).orElse(0L);
    this.epoch = Math.max(terms.epoch(), opened.map(header -> header.epoch() + 1).orElse(1L));
    this.ring = opened.map(header -> extend(header, mirrorDigest)).orElse(List.of());
    try (SecretBytes fresh = SecretBytes.random(MirrorHeader.SALT_BYTES)) {
      this.salt = fresh.copy();
    }
    try (SecretBytes key = stateKey(terms, salt, epoch)) {
      sealers.add(new Sealer(key));
    }
    sharedBy(new Workers(1));
  }

  /** How large the pool file has to be: two complete models and a margin. */
  public static long poolBytes(List<MirroredTensor> tensors) {
    return sizing(tensors).poolBytes();
  }

  /**
   * From here on these threads share the work of sealing and unsealing; else the caller does it.
   */
  public ModelMirror sharedBy(Workers workers) {
    this.workers = workers;
    records = new SealedRecords(terms.job(), epoch, tensors, workers);
    while (sealers.size() < records.lanes()) {
      sealers.add(sealers.getFirst().fork());
    }
    return this;
  }

  /** The newest mirror; {@link MirrorId#NONE} if there is none yet. */
  public MirrorId newest() {
    return ring.isEmpty() ? MirrorId.NONE : id(ring.getLast());
  }

  /** Whether the newest mirror is this one, or came from it within what its header remembers. */
  public boolean descendsFrom(MirrorId ancestor) {
    return ancestor.equals(MirrorId.NONE)
        || ring.stream().anyMatch(each -> id(each).equals(ancestor));
  }

  private static MirrorId id(MirrorHeader.Ancestor mirror) {
    return MirrorId.of(mirror.sequence(), mirror.digest());
  }

  /** Of the mirror that was opened, if it is another than this run's: the owner accepted that. */
  public Optional<String> otherPlan() {
    return opened.map(header -> header.subject().plan()).filter(plan -> !plan.equals(terms.plan()));
  }

  /** The epoch of this run's mirrors. */
  public long epoch() {
    return epoch;
  }

  public long sequence() {
    return sequence;
  }

  /**
   * Fills the tensors from the newest mirror, each record once it was authenticated; if one is not,
   * the tensors are 0.
   *
   * @return how far it is; nothing, and the tensors are as they were, if there is none yet
   */
  public Optional<Progress> mirrorIn() {
    if (opened.isEmpty()) {
      return Optional.empty();
    }
    MirrorHeader header = opened.get();
    inside(
        pool,
        tx -> {
          long root = tx.root(ROOT);
          SealedRecords found = records(tx, root, terms, tensors, workers);
          try (SecretBytes key = stateKey(tx, root, terms)) {
            found.read(tx, extents(tx, root), key);
          } finally {
            found.wipe();
          }
          if (!MessageDigest.isEqual(found.digest(), header.contents())) {
            found.forget();
            throw new MirrorException.Tampered(
                "model.pm", "its records are not the ones that its header lists");
          }
          return header;
        });
    return Optional.of(header.progress());
  }

  /**
   * Seals all tensors and the progress into fresh extents and makes them the newest mirror, in one
   * transaction: durable when this returns.
   *
   * @throws PoolException.Full if the pool has no room for them; it is as it was
   * @throws MirrorException.NotFinite if a value is not a finite number; likewise
   */
  public void mirrorOut(Progress progress) {
    mirrorOut(progress, () -> {}, () -> {});
  }

  /**
   * {@link #mirrorOut(Progress)} that says how far it is.
   *
   * @param begun the pool has brought its working twin up to date, nothing of this mirror is
   *     written yet
   * @param sealed the tensors are not looked at any more: whoever changes them from here on changes
   *     nothing of this mirror, which is not durable yet
   */
  public void mirrorOut(Progress progress, Runnable begun, Runnable sealed) {
    long next = sequence + 1;
    try {
      // The ring changes only when the transaction did not abort.
      ring = trusting(() -> pool.update(tx -> write(tx, next, progress, begun, sealed)));
    } finally {
      records.wipe();
    }
    sequence = next;
  }

  /** The ring of the mirror after this one. */
  private List<MirrorHeader.Ancestor> write(
      Tx tx, long next, Progress progress, Runnable begun, Runnable sealed) {
    begun.run();
    long root = block(tx);
    // All or nothing: no room for the model is noticed before the first byte is sealed.
    List<Extent> fresh = new ArrayList<>();
    for (MirroredTensor tensor : tensors) {
      fresh.add(tx.allocExtent(SealedRecords.sealedBytes(tensor)));
    }
    records.of(next).write(tx, fresh, sealers);
    // Whoever trains waits until here: what can be done later is.
    sealed.run();
    if (tx.getLong(root + SEQUENCE_AT) > 0) {
      tx.freeExtent(headerExtent(tx, root));
      extents(tx, root).forEach(tx::freeExtent);
    }
    for (int i = 0; i < tensors.size(); i++) {
      set(tx, extentAt(root, i), fresh.get(i));
    }
    MirrorHeader header = header(next, progress, records.digest());
    Extent headerExtent = tx.allocExtent(records.encode(header, encodedSubject));
    // Last: it binds all that was sealed before it.
    records.writeHeader(tx, headerExtent, sealers.getFirst());
    set(tx, root + HEADER_AT, headerExtent);
    tx.setLong(root + SEQUENCE_AT, next);
    tx.setLong(root + EPOCH_AT, epoch);
    tx.write(root + SALT_AT, salt, 0, salt.length);
    return extend(header, records.mirrorDigest(header));
  }

  /**
   * The state's identity: equal for equal states, across pools, runs and epochs. Keyed, over names,
   * shapes and values in canonical order, and over the progress.
   */
  public byte[] stateDigest(Progress progress) {
    try (KeyedDigest digest = new KeyedDigest(terms.digestKey())) {
      digestTensors(digest);
      digest.update(KeyDerivation.part(progress.iteration()));
      digest.update(KeyDerivation.part(progress.seen()));
      digest.update(KeyDerivation.part(Double.doubleToRawLongBits(progress.averageLoss())));
      return digest.finish();
    }
  }

  private void digestTensors(KeyedDigest digest) {
    byte[] buffer = new byte[64 * 1024];
    for (MirroredTensor tensor : tensors) {
      byte[] name = tensor.name().getBytes(StandardCharsets.UTF_8);
      digest.update(KeyDerivation.part(name.length)).update(name);
      digest.update(KeyDerivation.part(tensor.shape().length));
      for (int extent : tensor.shape()) {
        digest.update(KeyDerivation.part(extent));
      }
      for (int done = 0; done < tensor.count(); ) {
        int floats = Math.min(buffer.length / 4, tensor.count() - done);
        tensor.copyTo(buffer, done, floats);
        digest.update(buffer, 0, 4 * floats);
        done += floats;
      }
    }
    Arrays.fill(buffer, (byte) 0);
  }

  /** Whether all values of all tensors are finite numbers. */
  public boolean finite() {
    return tensors.stream().allMatch(tensor -> tensor.finite(0, tensor.count()));
  }

  public Pool pool() {
    return pool;
  }

  @Override
  public void close() {
    sealers.forEach(Sealer::close);
    pool.close();
  }

  private static PoolSizing sizing(List<MirroredTensor> tensors) {
    long[] extents =
        Arrays.copyOf(
            tensors.stream().mapToLong(SealedRecords::sealedBytes).toArray(), tensors.size() + 1);
    // The ring is full after 64 mirrors, and an override may lengthen nothing: both are known here.
    extents[tensors.size()] = MirrorHeader.BYTES_MAX + SealedRecords.OVERHEAD;
    return PoolSizing.of(extents, blockBytes(tensors));
  }

  private static long blockBytes(List<MirroredTensor> tensors) {
    return extentAt(0, tensors.size());
  }

  /** Where in the block at {@code root} the extent of a tensor stands. */
  private static long extentAt(long root, int tensor) {
    return root + EXTENTS_AT + (long) EXTENT_BYTES * tensor;
  }

  private long block(Tx tx) {
    long root = tx.root(ROOT);
    if (root == 0) {
      root = tx.alloc(blockBytes(tensors));
      tx.setRoot(ROOT, root);
      tx.setLong(root + COUNT_AT, tensors.size());
    }
    return root;
  }

  /** The extents of the tensors of the mirror that is committed now. */
  private List<Extent> extents(ReadTx tx, long root) {
    List<Extent> extents = new ArrayList<>();
    for (int i = 0; i < tensors.size(); i++) {
      extents.add(extent(tx, extentAt(root, i), tensors.get(i).name()));
    }
    return extents;
  }

  private MirrorHeader header(long next, Progress progress, byte[] contents) {
    return new MirrorHeader(
        terms.job(),
        terms.ownerKeyId(),
        epoch,
        next,
        salt,
        progress,
        subject,
        contents,
        ring.subList(Math.max(0, ring.size() - MirrorHeader.RING_ENTRIES), ring.size()));
  }

  /**
   * A header's ring with its own mirror as the youngest member. One longer than a header's may be:
   * the mirror before the widest window is the eldest.
   */
  private static List<MirrorHeader.Ancestor> extend(MirrorHeader header, byte[] mirrorDigest) {
    List<MirrorHeader.Ancestor> longer = new ArrayList<>(header.ring());
    longer.add(new MirrorHeader.Ancestor(header.sequence(), mirrorDigest));
    return List.copyOf(longer);
  }

  private static SealedRecords records(
      ReadTx tx, long root, MirrorTerms terms, List<MirroredTensor> tensors, Workers workers) {
    long sequence = tx.getLong(root + SEQUENCE_AT);
    long epoch = tx.getLong(root + EPOCH_AT);
    return new SealedRecords(terms.job(), epoch, tensors, workers).of(sequence);
  }

  private static SecretBytes stateKey(ReadTx tx, long root, MirrorTerms terms) {
    byte[] salt = new byte[MirrorHeader.SALT_BYTES];
    tx.read(root + SALT_AT, salt, 0, salt.length);
    return stateKey(terms, salt, tx.getLong(root + EPOCH_AT));
  }

  /** A key for one run: the salt is fresh, so that its counter nonces never meet another run's. */
  private static SecretBytes stateKey(MirrorTerms terms, byte[] salt, long epoch) {
    return KeyDerivation.derive(
        terms.jobKey(), salt, "plinius/state", terms.job().bytes(), KeyDerivation.part(epoch));
  }

  private static Extent headerExtent(ReadTx tx, long root) {
    return extent(tx, root + HEADER_AT, "the header");
  }

  private static Extent extent(ReadTx tx, long at, String what) {
    long offset = tx.getLong(at);
    long bytes = tx.getLong(at + 8);
    try {
      return new Extent(offset, bytes);
    } catch (IllegalArgumentException e) {
      throw new MirrorException.Tampered(
          "model.pm: the extent of " + what,
          "none can lie at %d with %d bytes".formatted(offset, bytes));
    }
  }

  private static void set(Tx tx, long at, Extent extent) {
    tx.setLong(at, extent.offset());
    tx.setLong(at + 8, extent.bytes());
  }

  private static void checkIdentity(PoolIdentity identity, MirrorTerms terms) {
    if (!identity.keyId().equals(terms.ownerKeyId().toString())) {
      throw new MirrorException.WrongKey(
          "model.pm was sealed under the key with id %s, and this job's key has id %s: use the key file of the one who started it"
              .formatted(identity.keyId(), terms.ownerKeyId()));
    }
    if (!identity.jobId().equals(terms.job().toString())) {
      throw new MirrorException.WrongKey(
          "model.pm belongs to job %s, and the grant is for job %s: name the job that it belongs to, or another folder"
              .formatted(identity.jobId(), terms.job()));
    }
  }

  private static void checkHeader(
      MirrorHeader header, ReadTx tx, long root, MirrorTerms terms, List<MirroredTensor> tensors) {
    MirrorHeader.Subject subject = header.subject();
    if (!MessageDigest.isEqual(subject.cfgDigest(), terms.cfgDigest())) {
      throw new MirrorException.OtherConfiguration(subject.canonicalCfg());
    }
    requireSame("seed", subject.seed(), terms.seed());
    if (subject.plan().equals(terms.plan())) {
      requireSame("shards", subject.shards(), terms.shards());
    } else if (terms.replan()) {
      requireSame("number of tensors", subject.entries().size(), tensors.size());
    } else {
      throw new MirrorException.OtherPlan("kernel plan", subject.plan(), terms.plan(), REPLAN);
    }
    if (tx.getLong(root + COUNT_AT) != tensors.size()
        || subject.entries().size() != tensors.size()) {
      throw new MirrorException.Tampered(
          "model.pm",
          "it lists %d tensors, the network has %d"
              .formatted(tx.getLong(root + COUNT_AT), tensors.size()));
    }
    for (int i = 0; i < tensors.size(); i++) {
      MirrorHeader.Entry entry = subject.entries().get(i);
      MirroredTensor tensor = tensors.get(i);
      requireSame(
          "tensor " + i,
          entry.name() + entry.shape(),
          tensor.name() + SealedRecords.shapeOf(tensor));
    }
  }

  private static void requireSame(String what, Object mirrored, Object here) {
    if (!mirrored.equals(here)) {
      throw new MirrorException.OtherPlan(what, mirrored, here, "");
    }
  }
}
