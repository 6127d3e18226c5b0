package plinius.dataset;

import java.util.Arrays;

/** What the records of a data set hold. The codes stand in files and never change. */
public enum DataKind {
  /** Images, each of one class: bytes (height, width, channels), and a class number. */
  IMAGES(1, 1),
  /** Images with boxes around the things in them: bytes, and at most so many boxes. */
  SCENES(2, 1),
  /** One text, cut into pieces of one width: bytes, and how many of them belong to the text. */
  TEXT(3, 1),
  /** Vectors, each of one class: numbers (channels), and a class number. */
  VECTORS(4, 4),
  /** Vectors with what is to be predicted from them: numbers (channels), and target numbers. */
  REGRESSION(5, 4);

  private final int code;
  private final int elementBytes;

  DataKind(int code, int elementBytes) {
    this.code = code;
    this.elementBytes = elementBytes;
  }

  int code() {
    return code;
  }

  /** 1 for unsigned bytes, 4 for big-endian binary32 numbers. */
  public int elementBytes() {
    return elementBytes;
  }

  /** Whether the values are an image's pixels. */
  public boolean image() {
    return this == IMAGES || this == SCENES;
  }

  static DataKind ofCode(int code) {
    return Arrays.stream(values())
        .filter(kind -> kind.code == code)
        .findFirst()
        .orElseThrow(() -> new DataSetException.BadInput("there is no kind of data " + code));
  }
}
