package plinius.attestation.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.attestation.AttestationException;
import plinius.attestation.Measurement;

class ImageMeasurementTest {
  private static final List<String> ARGUMENTS = List.of("-Xmx1g", "-m", "enclave");

  @TempDir Path folder;
  private Path image;
  private Measurement honest;

  @BeforeEach
  void make_an_image() throws IOException {
    image = makeImage("image");
    honest = ImageMeasurement.of(image, ARGUMENTS);
  }

  @Test
  void equal_images_measure_alike_wherever_they_lie() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), image);

    assertThat(ImageMeasurement.of(makeImage("copy"), ARGUMENTS)).isEqualTo(honest);
    assertThat(ImageMeasurement.of(link, ARGUMENTS)).isEqualTo(honest);
  }

  @Test
  void a_changed_byte_shows() throws IOException {
    Files.writeString(image.resolve("lib/modules"), "codf");

    assertThat(ImageMeasurement.of(image, ARGUMENTS)).isNotEqualTo(honest);
  }

  @Test
  void an_added_empty_file_shows() throws IOException {
    Files.writeString(image.resolve("lib/more"), "");

    assertThat(ImageMeasurement.of(image, ARGUMENTS)).isNotEqualTo(honest);
  }

  @Test
  void a_renamed_file_shows() throws IOException {
    Files.move(image.resolve("bin/java"), image.resolve("bin/jawa"));

    assertThat(ImageMeasurement.of(image, ARGUMENTS)).isNotEqualTo(honest);
  }

  @Test
  void another_link_target_shows() throws IOException {
    Files.delete(image.resolve("legal"));
    Files.createSymbolicLink(image.resolve("legal"), Path.of("bin/java"));

    assertThat(ImageMeasurement.of(image, ARGUMENTS)).isNotEqualTo(honest);
  }

  @Test
  void arguments_show_with_their_order_and_their_borders() {
    assertThat(
            List.of(
                honest,
                ImageMeasurement.of(image, List.of("-m", "-Xmx1g", "enclave")),
                ImageMeasurement.of(image, List.of("-Xmx1g", "-m")),
                ImageMeasurement.of(image, List.of("-Xmx1g-m", "enclave")),
                ImageMeasurement.of(image, List.of("-Xmx1g", "-m", "enclave", ""))))
        .doesNotHaveDuplicates();
  }

  @Test
  void a_link_out_of_the_image_is_refused() throws IOException {
    Path outside = Files.writeString(folder.resolve("outside"), "not measured");
    Files.createSymbolicLink(image.resolve("lib/evil"), outside);

    assertThatThrownBy(() -> ImageMeasurement.of(image, ARGUMENTS))
        .isInstanceOf(AttestationException.PlatformUnusable.class)
        .hasMessageContaining("evil");
  }

  @Test
  void a_missing_image_is_refused() {
    assertThatThrownBy(() -> ImageMeasurement.of(folder.resolve("none"), ARGUMENTS))
        .isInstanceOf(AttestationException.PlatformUnusable.class)
        .hasMessageContaining("none");
  }

  private Path makeImage(String name) throws IOException {
    Path root = folder.resolve(name);
    Files.createDirectories(root.resolve("bin"));
    Files.createDirectories(root.resolve("lib"));
    Files.writeString(root.resolve("bin/java"), "#!");
    Files.writeString(root.resolve("lib/modules"), "code");
    Files.createSymbolicLink(root.resolve("legal"), Path.of("lib/modules"));
    return root;
  }
}
