package plinius.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.dataset.DataKind;
import plinius.dataset.DataSetException;
import plinius.dataset.Label;
import plinius.dataset.SampleKind;
import plinius.owner.Sample;

/** Scenes that are drawn, and pictures into which boxes are. */
class DrawnScenesTest {
  private static final int SIDE = 48;

  @TempDir Path folder;

  private static boolean bright(byte[] pixels, int x, int y) {
    return (pixels[(y * SIDE + x) * 3] & 0xff) >= 120;
  }

  @Test
  void what_is_bright_lies_in_the_boxes_and_reaches_their_four_sides() {
    Path data = new DrawnScenes(SIDE, 7).write(folder, 20);
    Pictures.Size size = new Pictures.Size(SIDE, SIDE, 3);
    int boxes = 0;
    try (Pictures scenes = Pictures.ofScenes(data, Pictures.Split.TRAIN, size)) {
      assertThat(scenes.names()).isEqualTo(DrawnScenes.NAMES);
      for (int i = 0; i < 20; i++) {
        Sample scene = scenes.next().orElseThrow();
        boolean[] explained = new boolean[SIDE * SIDE];
        for (Label.Box box : ((Label.Boxes) scene.label()).boxes()) {
          boxes++;
          assertThat(reachesItsSides(scene.values(), box, explained)).as("%s", box).isTrue();
        }
        for (int at = 0; at < explained.length; at++) {
          assertThat(explained[at] || !bright(scene.values(), at % SIDE, at / SIDE)).isTrue();
        }
      }
    }
    assertThat(boxes).isGreaterThan(25);
  }

  private static boolean reachesItsSides(byte[] pixels, Label.Box box, boolean[] explained) {
    int left = Math.round((box.x() - box.w() / 2) * SIDE);
    int right = Math.round((box.x() + box.w() / 2) * SIDE) - 1;
    int top = Math.round((box.y() - box.h() / 2) * SIDE);
    int bottom = Math.round((box.y() + box.h() / 2) * SIDE) - 1;
    boolean[] reached = new boolean[4];
    for (int y = top; y <= bottom; y++) {
      for (int x = left; x <= right; x++) {
        explained[y * SIDE + x] = true;
        if (bright(pixels, x, y)) {
          reached[0] |= x == left;
          reached[1] |= x == right;
          reached[2] |= y == top;
          reached[3] |= y == bottom;
        }
      }
    }
    return Arrays.equals(reached, new boolean[] {true, true, true, true});
  }

  @Test
  void a_seed_draws_the_same_again_and_another_draws_something_else() throws IOException {
    new DrawnScenes(SIDE, 1).write(folder.resolve("a"), 3);
    new DrawnScenes(SIDE, 1).write(folder.resolve("b"), 3);
    new DrawnScenes(SIDE, 2).write(folder.resolve("c"), 3);

    for (String name : new String[] {"000002.png", "000002.txt", "scenes.data"}) {
      assertThat(folder.resolve("b").resolve(name))
          .hasSameBinaryContentAs(folder.resolve("a").resolve(name));
    }
    assertThat(Files.readAllBytes(folder.resolve("c/000002.png")))
        .isNotEqualTo(Files.readAllBytes(folder.resolve("a/000002.png")));
    assertThatThrownBy(() -> new DrawnScenes(4, 1)).isInstanceOf(DataSetException.BadInput.class);
  }

  @Test
  void a_box_found_in_a_letterbox_is_where_it_is_in_the_picture() throws IOException {
    for (int[] size : new int[][] {{40, 20}, {20, 40}, {30, 30}}) {
      Path file = folder.resolve("picture.png");
      BufferedImage image = new BufferedImage(size[0], size[1], BufferedImage.TYPE_INT_RGB);
      BoxedPicture.writePng(image, file);
      Label.Box box = new Label.Box(2, .4f, .6f, .3f, .2f);

      Label.Box inSample = Picture.read(file).box(box, 24, 36, Picture.Fit.LETTERBOX);
      Label.Box back = BoxedPicture.of(file).fromLetterbox(inSample, 24, 36);

      assertThat(back.category()).isEqualTo(2);
      assertThat(back.x()).isCloseTo(box.x(), offset(1e-6f));
      assertThat(back.y()).isCloseTo(box.y(), offset(1e-6f));
      assertThat(back.w()).isCloseTo(box.w(), offset(1e-6f));
      assertThat(back.h()).isCloseTo(box.h(), offset(1e-6f));
    }
  }

  @Test
  void a_boxs_border_is_drawn_in_its_colour_and_nothing_else_even_beyond_the_picture()
      throws IOException {
    SampleKind kind = new SampleKind(DataKind.SCENES, 10, 20, 1, 3, 1);
    BoxedPicture picture = BoxedPicture.of(new byte[200], kind);
    picture.draw(new Label.Box(1, .5f, .5f, .5f, .4f)); // x 5 to 15, y 3 to 7
    picture.draw(new Label.Box(0, 1.5f, .5f, 1.2f, 4)); // x 18 to 42, y beyond
    Path file = folder.resolve("drawn.png");
    picture.write(file);

    BufferedImage drawn = Picture.read(file).image();
    for (int y = 0; y < 10; y++) {
      for (int x = 0; x < 20; x++) {
        boolean across = (y == 3 || y == 7) && x >= 5 && x <= 15;
        boolean down = (x == 5 || x == 15) && y >= 3 && y <= 7;
        int expected = across || down ? BoxedPicture.colour(1) : 0;
        expected = x == 18 ? BoxedPicture.colour(0) : expected;
        assertThat(drawn.getRGB(x, y) & 0xffffff).as("x %d, y %d", x, y).isEqualTo(expected);
      }
    }
  }
}
