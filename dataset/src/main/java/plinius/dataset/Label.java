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
   * Reads a label's bytes.
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
            source.position(source.position() + values.length * Float.BYTES);
            yield new Targets(values);
          }
          case SCENES -> takeBoxes(kind, source);
        };
    requireFits(label, kind);
    return label;
  }

  private static Boxes takeBoxes(SampleKind kind, ByteBuffer source) {
    int count = source.getInt();
    if (count < 0 || count > kind.slots()) {
      throw new DataSetException.BadInput("a label claims " + count + " boxes");
    }
    int end = source.position() + kind.slots() * BOX_BYTES;
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
    source.position(end);
    return new Boxes(boxes);
  }

  /**
   * Refuses a label that the kind does not have.
   *
   * @throws DataSetException.BadInput saying what is wrong
   */
  static void requireFits(Label label, SampleKind kind) {
    String wrong = wrong(label, kind);
    if (!wrong.isEmpty()) {
      throw new DataSetException.BadInput(wrong);
    }
  }

  /** What is wrong with a label; empty if nothing is. */
  private static String wrong(Label label, SampleKind kind) {
    DataKind data = kind.data();
    return switch (label) {
      case Category category when data == DataKind.IMAGES || data == DataKind.VECTORS ->
          outside("label", category.number(), kind.classes());
      case Length length when data == DataKind.TEXT ->
          outside("length", length.values() - 1, kind.values());
      case Targets targets when data == DataKind.REGRESSION ->
          targets.values().length == kind.slots() && finite(targets.values())
              ? ""
              : "targets are " + kind.slots() + " finite numbers";
      case Boxes boxes when data == DataKind.SCENES ->
          boxes.boxes().size() > kind.slots()
              ? boxes.boxes().size() + " boxes, and there is room for " + kind.slots()
              : boxes.boxes().stream()
                  .map(box -> wrong(box, kind.classes()))
                  .filter(wrong -> !wrong.isEmpty())
                  .findFirst()
                  .orElse("");
      default -> "data of the kind " + data + " have other labels";
    };
  }

  private static String wrong(Box box, int classes) {
    for (float value : new float[] {box.x, box.y, box.w, box.h}) {
      if (!(value >= 0 && value <= 1)) {
        return "a box has its centre and size within the image, from 0 to 1";
      }
    }
    return outside("label", box.category, classes);
  }

  private static boolean finite(float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  private static String outside(String what, int value, int count) {
    return value >= 0 && value < count
        ? ""
        : "%s %d, but there are %d, from 0".formatted(what, value, count);
  }
}
