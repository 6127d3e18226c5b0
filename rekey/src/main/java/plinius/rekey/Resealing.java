package plinius.rekey;

import java.nio.file.Path;
import java.util.Optional;
import plinius.dataset.DataSetInfo;
import plinius.dataset.Label;
import plinius.dataset.Sample;
import plinius.dataset.SampleKind;
import plinius.dataset.SealedDataSet;
import plinius.owner.OwnerKey;
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
