package plinius.dataset;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** What is known about a sample. Its bytes have the same length for all samples of a kind. */
public sealed interface Label {
  /** A box's class and its four numbers. */
  int BOX_BYTES = 20;

  /** One class, from 0. */
  record Category(int number) implements Label {}

  /** Things in an image. */
  record Boxes(List<Box> boxes) implements Label {
    public Boxes {
      boxes = List.copyOf(boxes);
    }
  }

  /**
   * One thing in an image.
   *
   * @param x of the box's centre, as a share of the image's width; likewise y, w and h
   */
  record Box(int category, float x, float y, float w, float h) {}

  /** How many of the record's values belong to the whole that was cut. */
  record Length(int values) implements Label {}

  /** What is to be predicted; not copied. */
  @SuppressWarnings("ArrayRecordComponent") // a view of a hot path, compared by no one
  record Targets(float[] values) implements Label {}

  /**
   * Reads a label, with which these bytes begin.
   *
   * @throws DataSetException.BadInput if they are beyond what the kind allows
   */
  static Label take(SampleKind kind, ByteBuffer source) {
    Label label =
        switch (kind.data()) {
          case IMAGES, VECTORS -> new Category(source.getInt());
          case TEXT -> new Length(source.getInt());
          case REGRESSION -> {
            float[] values = new float[kind.slots()];
            source.asFloatBuffer().get(values);
            yield new Targets(values);
          }
          case SCENES -> takeBoxes(kind, source);
        };
    requireFits(label, kind);
    return label;
  }

  private static Boxes takeBoxes(SampleKind kind, ByteBuffer source) {
    int count = source.getInt();
    require(count >= 0 && count <= kind.slots(), "a label claims " + count + " boxes");
    List<Box> boxes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      boxes.add(
          new Box(
              source.getInt(),
              source.getFloat(),
              source.getFloat(),
              source.getFloat(),
              source.getFloat()));
    }
    return new Boxes(boxes);
  }

  /**
   * Refuses a label that the kind does not have.
   *
   * @throws DataSetException.BadInput saying what is wrong
   */
  static void requireFits(Label label, SampleKind kind) {
    DataKind data = kind.data();
    switch (label) {
      case Category category when data == DataKind.IMAGES || data == DataKind.VECTORS ->
          requireBelow("label", category.number(), kind.classes());
      case Length length when data == DataKind.TEXT ->
          requireBelow("length", length.values() - 1, kind.values());
      case Targets targets when data == DataKind.REGRESSION -> {
        boolean right = targets.values().length == kind.slots();
        for (float value : targets.values()) {
          right &= Float.isFinite(value);
        }
        require(right, "targets are " + kind.slots() + " finite numbers");
      }
      case Boxes scene when data == DataKind.SCENES -> {
        int count = scene.boxes().size();
        require(count <= kind.slots(), count + " boxes, and there is room for " + kind.slots());
        for (Box box : scene.boxes()) {
          for (float value : new float[] {box.x, box.y, box.w, box.h}) {
            boolean inside = value >= 0 && value <= 1;
            require(inside, "a box has its centre and size within the image, from 0 to 1");
          }
          requireBelow("label", box.category, kind.classes());
        }
      }
      default ->
          throw new DataSetException.BadInput("data of the kind " + data + " have other labels");
    }
  }

  private static void requireBelow(String what, int value, int count) {
    if (value < 0 || value >= count) {
      throw new DataSetException.BadInput(
          "%s %d, but there are %d, from 0".formatted(what, value, count));
    }
  }

  private static void require(boolean right, String wrong) {
    if (!right) {
      throw new DataSetException.BadInput(wrong);
    }
  }
}
