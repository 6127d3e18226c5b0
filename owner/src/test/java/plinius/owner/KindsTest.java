package plinius.owner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.dataset.ByteSource;
import plinius.dataset.DataKind;
import plinius.dataset.DataSetException;
import plinius.dataset.DataSetInfo;
import plinius.dataset.Label;
import plinius.dataset.SampleKind;
import plinius.dataset.SealedDataSet;
import plinius.seal.SecretBytes;
import plinius.testkit.Seeded;

/** Every kind of data, sealed and read back. */
class KindsTest {
  @TempDir Path folder;
  private final Seeded seeded = Seeded.fresh();

  private void sealAndRead(SampleKind kind, Label... labels) {
    List<Sample> samples =
        List.of(labels).stream()
            .map(label -> new Sample(seeded.bytes(kind.valueBytes()), label))
            .toList();
    Path file = folder.resolve(kind.data() + ".sealed");
    try (OwnerKey owner = OwnerKey.generate()) {
      DataSetInfo info =
          SealedDataSetWriter.write(file, owner, new SamplesInMemory(kind, samples), _ -> {});
      assertThat(SealedFile.info(file)).isEqualTo(info);
      byte[] values = new byte[kind.valueBytes()];
      try (SecretBytes recordKey = owner.recordKey(info.id());
          SecretBytes manifestKey = owner.manifestKey(info.id());
          ByteSource source = SealedFile.open(file);
          SealedDataSet set = SealedDataSet.open("set", source, recordKey, manifestKey)) {
        assertThat(set.info().kind()).isEqualTo(kind);
        for (int i = 0; i < samples.size(); i++) {
          Label read = set.read(i, values);
          if (read instanceof Label.Targets targets) {
            assertThat(targets.values()).isEqualTo(((Label.Targets) labels[i]).values());
          } else {
            assertThat(read).isEqualTo(labels[i]);
          }
          assertThat(values).as("%s", seeded).isEqualTo(samples.get(i).values());
        }
      }
    }
  }

  @Test
  void scenes_of_more_than_one_piece_come_back_with_their_boxes() {
    Label.Box one = new Label.Box(2, .25f, .5f, .125f, 1);
    Label.Box two = new Label.Box(0, 0, 1, 0, 0);
    sealAndRead(
        new SampleKind(DataKind.SCENES, 416, 416, 3, 3, 4),
        new Label.Boxes(List.of(one, two)),
        new Label.Boxes(List.of()),
        new Label.Boxes(List.of(two, one, two, one)));
  }

  @Test
  void texts_vectors_and_targets_come_back() {
    sealAndRead(
        new SampleKind(DataKind.TEXT, 1, 100, 1, 256, 1),
        new Label.Length(100),
        new Label.Length(1));
    sealAndRead(
        new SampleKind(DataKind.VECTORS, 1, 1, 5, 3, 1),
        new Label.Category(0),
        new Label.Category(2));
    sealAndRead(
        new SampleKind(DataKind.REGRESSION, 1, 1, 5, 1, 2),
        new Label.Targets(new float[] {1.5f, -2}));
  }

  @Test
  void labels_that_the_kind_has_not_are_refused() {
    SampleKind scenes = new SampleKind(DataKind.SCENES, 2, 2, 3, 3, 1);
    SampleKind text = new SampleKind(DataKind.TEXT, 1, 12, 1, 256, 1);
    SampleKind regression = new SampleKind(DataKind.REGRESSION, 1, 1, 3, 1, 2);
    Label.Box good = new Label.Box(2, .5f, .5f, .5f, .5f);
    refused(scenes, new Label.Boxes(List.of(good, good)));
    refused(scenes, new Label.Boxes(List.of(new Label.Box(3, .5f, .5f, .5f, .5f))));
    refused(scenes, new Label.Boxes(List.of(new Label.Box(0, Float.NaN, .5f, .5f, .5f))));
    refused(scenes, new Label.Category(0));
    refused(text, new Label.Length(0));
    refused(text, new Label.Length(13));
    refused(regression, new Label.Targets(new float[1]));
    refused(regression, new Label.Targets(new float[] {1, Float.POSITIVE_INFINITY}));
  }

  private void refused(SampleKind kind, Label label) {
    Sample sample = new Sample(new byte[kind.valueBytes()], label);
    try (OwnerKey owner = OwnerKey.generate()) {
      SamplesInMemory one = new SamplesInMemory(kind, List.of(sample));
      assertThatThrownBy(() -> SealedDataSetWriter.write(folder.resolve("no"), owner, one, _ -> {}))
          .isInstanceOf(DataSetException.BadInput.class)
          .hasMessageContaining("sample 0");
    }
  }
}
