package plinius.owner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import plinius.dataset.DataSetException;
import plinius.dataset.SealedResult;
import plinius.dataset.SealedResult.Content;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;
import plinius.testkit.Seeded;

class SealedResultTest {
  private static final Id128 JOB = Id128.random();
  private static final int PIECE = 256 * 1024;
  private final Seeded seeded = Seeded.fresh();
  private final SecretBytes key = SecretBytes.random(32);

  private byte[] seal(byte[] plain) {
    ByteArrayOutputStream sealed = new ByteArrayOutputStream();
    try (SealedResult.Writer writer =
        new SealedResult.Writer(sealed::writeBytes, Content.TEXT, JOB, key)) {
      for (byte each : plain) {
        writer.write(each);
      }
    }
    return sealed.toByteArray();
  }

  private byte[] open(byte[] sealed) {
    return SealedResultReader.open("r", sealed, Content.TEXT, JOB, key);
  }

  @Test
  void what_was_sealed_opens_whatever_its_length() {
    for (int length : new int[] {0, 1, 1000, PIECE, PIECE + 1, 3 * PIECE}) {
      byte[] plain = seeded.bytes(length);
      assertThat(open(seal(plain))).as("%d bytes, %s", length, seeded).isEqualTo(plain);
    }
  }

  @Test
  void every_flipped_bit_and_every_cut_is_refused() {
    byte[] good = seal(seeded.bytes(30));
    for (int bit = 0; bit < 8 * good.length; bit++) {
      byte[] bad = good.clone();
      bad[bit / 8] ^= (byte) (1 << bit % 8);
      assertThatThrownBy(() -> open(bad)).as("bit %d", bit).isInstanceOf(DataSetException.class);
    }
    for (int length = 0; length < good.length; length++) {
      byte[] cut = Arrays.copyOf(good, length);
      assertThatThrownBy(() -> open(cut)).isInstanceOf(DataSetException.class);
    }
    assertThatThrownBy(() -> open(Arrays.copyOf(good, good.length + 1)))
        .isInstanceOf(DataSetException.Tampered.class);
  }

  @Test
  void a_result_without_its_last_piece_is_refused() {
    byte[] good = seal(seeded.bytes(PIECE + 10));
    byte[] cut = Arrays.copyOf(good, 64 + 4 + PIECE + 16);
    assertThatThrownBy(() -> open(cut)).isInstanceOf(DataSetException.Tampered.class);
  }

  @Test
  void another_key_another_job_and_another_question_do_not_open_it() {
    byte[] good = seal(seeded.bytes(30));
    try (SecretBytes other = SecretBytes.random(32)) {
      assertThatThrownBy(() -> SealedResultReader.open("r", good, Content.TEXT, JOB, other))
          .isInstanceOf(DataSetException.Tampered.class);
    }
    assertThatThrownBy(() -> SealedResultReader.open("r", good, Content.TEXT, Id128.random(), key))
        .isInstanceOf(DataSetException.NotADataSet.class);
    assertThatThrownBy(() -> SealedResultReader.open("r", good, Content.OUTPUTS, JOB, key))
        .isInstanceOf(DataSetException.NotADataSet.class);
  }
}
