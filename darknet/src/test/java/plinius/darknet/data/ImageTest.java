package plinius.darknet.data;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import plinius.kernel.CounterRandom;

/** Augmentation by counter; what it does with its random numbers is compared in the tables. */
final class ImageTest {
  private static final Augmentation AUGMENTATION =
      new Augmentation(5, 5, 6, 9, 7, .75f, new Colours(.1f, 1.5f, 1.5f), false);

  private static Image source() {
    Image image = new Image(7, 9, 3);
    for (int i = 0; i < image.values().length; i++) {
      image.values()[i] = i * 37 % 101 / 101f;
    }
    return image;
  }

  @Test
  void the_same_image_of_a_training_is_always_augmented_alike_and_others_otherwise() {
    CounterRandom random = new CounterRandom(7);
    float[] first = AUGMENTATION.augment(source(), new Chance(random, 5)).values();

    assertThat(AUGMENTATION.augment(source(), new Chance(random, 5)).values())
        .containsExactly(first);
    assertThat(AUGMENTATION.augment(source(), new Chance(random, 6)).values()).isNotEqualTo(first);
    assertThat(AUGMENTATION.augment(source(), new Chance(random, 5 + (1L << 32))).values())
        .isNotEqualTo(first);
  }
}
