package plinius.darknet.weights;

import java.nio.ByteBuffer;

/**
 * How a .weights file begins.
 *
 * @param major version
 * @param minor version
 * @param revision version
 * @param seen images that the network had seen
 */
public record WeightsHeader(int major, int minor, int revision, long seen) {
  /** Reads a header from the beginning of a file, little endian. */
  public static WeightsHeader read(String fileName, ByteBuffer bytes) {
    if (bytes.remaining() < 16) {
      throw new WeightsException(
          fileName
              + ": is only "
              + bytes.remaining()
              + " bytes long; a .weights file has a header of 16 or 20.");
    }
    int major = bytes.getInt();
    int minor = bytes.getInt();
    int revision = bytes.getInt();
    if (major < 0 || minor < 0 || revision < 0) {
      throw new WeightsException(
          fileName
              + ": version "
              + major
              + "."
              + minor
              + "."
              + revision
              + " is none; is it a .weights file?");
    }
    boolean wide = 10L * major + minor >= 2 && major < 1000 && minor < 1000;
    if (wide && bytes.remaining() < Long.BYTES) {
      throw new WeightsException(fileName + ": ends inside its header.");
    }
    long seen = wide ? bytes.getLong() : bytes.getInt() & 0xFFFFFFFFL;
    if (seen < 0) {
      throw new WeightsException(fileName + ": says that " + seen + " images were seen.");
    }
    return new WeightsHeader(major, minor, revision, seen);
  }

  /** Whether connected matrices are stored as (inputs, outputs). */
  public boolean transposed() {
    return major > 1000 || minor > 1000;
  }
}
