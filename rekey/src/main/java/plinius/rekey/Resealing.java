package plinius.rekey;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import plinius.dataset.DataSetInfo;
import plinius.dataset.Label;
import plinius.dataset.SampleKind;
import plinius.dataset.SealedDataSet;
import plinius.owner.OwnerKey;
import plinius.owner.Sample;
import plinius.owner.SampleSource;
import plinius.owner.SealedDataSetWriter;
import plinius.owner.SealedFile;
import plinius.seal.SecretBytes;

/** A sealed data set as samples to be sealed again. Each record is authenticated. */
final class Resealing implements SampleSource {
  private final SealedDataSet set;
  private long index;

  private Resealing(SealedDataSet set) {
    this.set = set;
  }

  /** Seals under the new key what is sealed under the old one, as a data set of its own. */
  static DataSetInfo reseal(Path from, OwnerKey oldKey, Path to, OwnerKey newKey) {
    DataSetInfo info = SealedFile.info(from);
    try (SecretBytes recordKey = oldKey.recordKey(info.id());
        SecretBytes manifestKey = oldKey.manifestKey(info.id());
        SealedFile source = SealedFile.open(from);
        SealedDataSet set = SealedDataSet.open(from.toString(), source, recordKey, manifestKey);
        Resealing samples = new Resealing(set)) {
      return SealedDataSetWriter.write(to, newKey, samples, _ -> {});
    }
  }

  /**
   * Whether a file holds, under the new key, just what another holds under the old one: each record
   * of both is authenticated.
   */
  static boolean same(Path from, OwnerKey oldKey, Path to, OwnerKey newKey) {
    DataSetInfo old = SealedFile.info(from);
    DataSetInfo made = SealedFile.info(to);
    if (!made.ownerKeyId().equals(newKey.id())
        || !made.kind().equals(old.kind())
        || made.records() != old.records()) {
      return false;
    }
    try (SecretBytes oldRecords = oldKey.recordKey(old.id());
        SecretBytes oldManifest = oldKey.manifestKey(old.id());
        SecretBytes newRecords = newKey.recordKey(made.id());
        SecretBytes newManifest = newKey.manifestKey(made.id());
        SealedFile source = SealedFile.open(from);
        SealedFile target = SealedFile.open(to);
        SealedDataSet one = SealedDataSet.open(from.toString(), source, oldRecords, oldManifest);
        SealedDataSet other = SealedDataSet.open(to.toString(), target, newRecords, newManifest)) {
      byte[] values = new byte[old.kind().valueBytes()];
      byte[] others = new byte[values.length];
      for (long i = 0; i < old.records(); i++) {
        Label label = one.read(i, values);
        if (!same(label, other.read(i, others)) || !Arrays.equals(values, others)) {
          return false;
        }
      }
      return true;
    }
  }

  private static boolean same(Label one, Label other) {
    if (one instanceof Label.Targets(float[] values)
        && other instanceof Label.Targets(float[] others)) {
      return Arrays.equals(values, others);
    }
    return one.equals(other);
  }

  @Override
  public SampleKind kind() {
    return set.info().kind();
  }

  @Override
  public long count() {
    return set.info().records();
  }

  @Override
  public Optional<Sample> next() {
    if (index == count()) {
      return Optional.empty();
    }
    byte[] values = new byte[kind().valueBytes()];
    Label label = set.read(index, values);
    index++;
    return Optional.of(new Sample(values, label));
  }

  @Override
  public void close() {
    // Who opened the data set closes it.
  }
}
