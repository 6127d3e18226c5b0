package plinius.exchange.weights;

import java.nio.ByteBuffer;

/**
 * How a .weights file begins: int32 major, minor, revision, then the count of images seen, 64 or 32
 * bits wide by the version.
 *
 * @param major version
 * @param minor version
 * @param revision version
 * @param seen images that the network had seen
 */
public record WeightsHeader(int major, int minor, int revision, long seen) {
  private static final int LARGE_VERSION = 1000;

  /** Refuses a count that the version has no room for. */
  public WeightsHeader {
    if (seen < 0 || (!wide(major, minor) && seen > 0xFFFFFFFFL)) {
      throw new WeightsException.BadInput(
          "version "
              + major
              + "."
              + minor
              + " of .weights files has no room for "
              + seen
              + " images seen; choose version 0.2, or clear the count");
    }
  }

  /** The version that the original writes. */
  public static WeightsHeader current(long seen) {
    return new WeightsHeader(0, 2, 0, seen);
  }

  /** Reads a header from the beginning of a file, little endian. */
  static WeightsHeader read(String fileName, ByteBuffer bytes) {
    if (bytes.remaining() < 16) {
      throw new WeightsException.BadInput(
          fileName
              + ": is only "
              + bytes.remaining()
              + " bytes long; a .weights file has a header of 16 or 20.");
    }
    int major = bytes.getInt();
    int minor = bytes.getInt();
    int revision = bytes.getInt();
    if (major < 0 || minor < 0 || revision < 0) {
      throw new WeightsException.BadInput(
          fileName
              + ": version "
              + major
              + "."
              + minor
              + "."
              + revision
              + " is none; is it a .weights file?");
    }
    boolean wide = wide(major, minor);
    if (wide && bytes.remaining() < Long.BYTES) {
      throw new WeightsException.BadInput(fileName + ": ends inside its header.");
    }
    long seen = wide ? bytes.getLong() : bytes.getInt() & 0xFFFFFFFFL;
    if (seen < 0) {
      throw new WeightsException.BadInput(
          fileName + ": says that " + seen + " images were seen; is it a .weights file?");
    }
    return new WeightsHeader(major, minor, revision, seen);
  }

  private static boolean wide(int major, int minor) {
    return 10L * major + minor >= 2 && major < LARGE_VERSION && minor < LARGE_VERSION;
  }

  void write(ByteBuffer bytes) {
    bytes.putInt(major).putInt(minor).putInt(revision);
    if (wide(major, minor)) {
      bytes.putLong(seen);
    } else {
      bytes.putInt((int) seen);
    }
  }

  /** Its length in the file. */
  public int bytes() {
    return wide(major, minor) ? 20 : 16;
  }

  /** Whether connected matrices are stored as (inputs, outputs). */
  public boolean transposed() {
    return major > LARGE_VERSION || minor > LARGE_VERSION;
  }
}
