package plinius.darknet.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Image operations and augmentation beside the original's, on the vectors' table of them. */
public final class ImageTable {
  private static final Augmentation AUGMENTATION =
      new Augmentation(5, 5, 6, 9, 7, .75f, new Colours(.1f, 1.5f, 1.5f), false);

  private final Map<String, Image> images = new LinkedHashMap<>();

  private ImageTable() {}

  /** Compares with everything in a table that we have. */
  public static void compareWith(Path table) throws IOException {
    ImageTable images = new ImageTable();
    images.read(table);
    images.resizing();
    images.letterboxesAndParts();
    images.flipsAndColours();
    images.randomPartsAndColours();
  }

  /** Darknet stores (c, h, w). */
  private void read(Path table) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.wrap(Files.readAllBytes(table.resolve("tensors.f32")))
            .order(ByteOrder.LITTLE_ENDIAN);
    JsonNode manifest = new ObjectMapper().readTree(table.resolve("case.json").toFile());
    for (JsonNode tensor : manifest.get("tensors")) {
      JsonNode shape = tensor.get("shape");
      if (shape.size() != 3) {
        continue;
      }
      Image image = new Image(shape.get(1).asInt(), shape.get(2).asInt(), shape.get(0).asInt());
      int plane = image.h() * image.w();
      for (int i = 0; i < image.values().length; i++) {
        image.values()[i % plane * image.c() + i / plane] =
            bytes.getFloat(4 * (tensor.get("offset").asInt() + i));
      }
      images.put(tensor.get("name").asText(), image);
    }
  }

  private Image source() {
    Image source = images.get("src");
    return new Image(source.h(), source.w(), source.c(), source.values().clone());
  }

  private void compare(String name, Image actual) {
    Image expected = images.get(name);
    assertThat(expected).as("the vectors' %s", name).isNotNull();
    assertThat(new int[] {actual.h(), actual.w(), actual.c()})
        .isEqualTo(new int[] {expected.h(), expected.w(), expected.c()});
    for (int i = 0; i < expected.values().length; i++) {
      assertThat(actual.values()[i])
          .as("%s[%d]", name, i)
          .isCloseTo(expected.values()[i], offset(1e-6f));
    }
  }

  private void resizing() {
    compare("resize_14x10", source().resize(10, 14));
    compare("resize_4x3", source().resize(3, 4));
    compare("resize_9x3", source().resize(3, 9));
    compare("resize_20x7", source().resize(7, 20));
  }

  private void letterboxesAndParts() {
    compare("letterbox_12x12", source().letterbox(12, 12));
    compare("letterbox_5x16", source().letterbox(16, 5));
    compare("center_crop_6x6", source().centerCrop(6, 6));
    compare("crop_dx-2_dy3_w6_h6", source().crop(-2, 3, 6, 6));
    compare(
        "rotate_crop_rad.2_s1.3_w6_h5_dx.7_dy-.4_aspect1.2",
        source().rotateCrop(.2f, 1.3f, 5, 6, .7f, -.4f, 1.2f));
  }

  private void flipsAndColours() {
    Image flipped = source();
    flipped.flip();
    compare("flip", flipped);
    Image hsv = source();
    hsv.rgbToHsv();
    compare("rgb_to_hsv", hsv);
    hsv.hsvToRgb();
    compare("hsv_to_rgb_of_rgb_to_hsv", hsv);
    Image distorted = source();
    distorted.distort(.1f, 1.3f, .8f);
    compare("distort_hue.1_sat1.3_exp.8", distorted);
    Image other = source();
    other.distort(-.05f, .7f, 1.4f);
    compare("distort_hue-.05_sat.7_exp1.4", other);
  }

  private void randomPartsAndColours() {
    Image distorted = source();
    AUGMENTATION.colours().distort(distorted, new Glibc(1));
    compare("random_distort_hue.1_sat1.5_exp1.5.seed1", distorted);
    compare("random_augment_same.seed1", AUGMENTATION.part(source(), new Glibc(1)));
    Augmentation whole = new Augmentation(5, 5, 6, 9, 7, .75f, new Colours(.1f, .75f, .75f), false);
    compare(
        "classifier_train_pipeline_augment_flip_distort.seed5",
        whole.augment(source(), new Glibc(5)));
  }
}
