package plinius.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DrawnDigitsTest {
  @Test
  void the_same_seed_draws_the_same_bytes_on_every_machine() throws NoSuchAlgorithmException {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    DrawnDigits digits = new DrawnDigits(1);
    for (int i = 0; i < 100; i++) {
      digest.update(digits.draw(i % DrawnDigits.CLASSES));
    }

    assertThat(HexFormat.of().formatHex(digest.digest()))
        .isEqualTo("fbc7a802446c90156577bc65729649b8dbf8e71df612b02018cae2b3a729def1");
  }

  @Test
  void no_two_digits_are_the_same_picture() {
    DrawnDigits digits = new DrawnDigits(7);
    Set<String> pictures = new HashSet<>();
    for (int i = 0; i < 500; i++) {
      pictures.add(HexFormat.of().formatHex(digits.draw(i % DrawnDigits.CLASSES)));
    }

    assertThat(pictures).hasSize(500);
  }

  @Test
  void every_digit_has_ink_within_its_frame_and_an_empty_border_mostly() {
    DrawnDigits digits = new DrawnDigits(3);
    for (int digit = 0; digit < DrawnDigits.CLASSES; digit++) {
      byte[] picture = digits.draw(digit);
      int inked = 0;
      for (byte pixel : picture) {
        inked += pixel == 0 ? 0 : 1;
      }

      assertThat(picture).hasSize(DrawnDigits.SIDE * DrawnDigits.SIDE);
      assertThat(inked).as("pixels with ink of %d", digit).isBetween(30, 350);
    }
  }

  @Test
  void written_files_are_idx_with_all_classes(@TempDir Path folder) throws IOException {
    Path images = folder.resolve("images");
    Path labels = folder.resolve("labels");

    new DrawnDigits(1).write(images, labels, 25);

    ByteBuffer pixels = ByteBuffer.wrap(Files.readAllBytes(images));
    assertThat(pixels.getInt()).isEqualTo(0x0803);
    assertThat(pixels.getInt()).isEqualTo(25);
    assertThat(pixels.getInt()).isEqualTo(28);
    assertThat(pixels.getInt()).isEqualTo(28);
    assertThat(pixels.remaining()).isEqualTo(25 * 784);
    byte[] classes = Files.readAllBytes(labels);
    assertThat(classes).hasSize(8 + 25);
    assertThat(classes[8 + 13]).isEqualTo((byte) 3);
  }
}
