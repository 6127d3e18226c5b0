package plinius.darknet.weights;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import plinius.darknet.Network;
import plinius.darknet.layer.Layer;

/**
 * Reads Darknet's .weights files (darknet parser.c load_weights_upto at f6afaab): little endian,
 * int32 major, minor, revision, the count of images seen, then the layers' values in order, without
 * names or padding. The original does not notice a file that is too short or too long; this reader
 * does.
 */
public final class WeightsReader {
  private WeightsReader() {}

  /**
   * Reads a file into a network.
   *
   * @param fileName for messages
   * @param file the whole file
   * @return the images seen that the file says; may be no multiple of the network's batch
   */
  public static long read(String fileName, byte[] file, Network network) {
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.remaining() < 16) {
      throw new WeightsException(
          fileName
              + ": is only "
              + file.length
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
    boolean transposed = major > 1000 || minor > 1000;
    for (Layer layer : network.layers()) {
      if (!layer.common().dontLoad()) {
        layer.load(source(fileName, bytes, layer, transposed));
      }
    }
    if (bytes.hasRemaining()) {
      throw new WeightsException(
          fileName
              + ": has "
              + bytes.remaining()
              + " bytes more than the network; it belongs to another.");
    }
    return seen;
  }

  private static WeightsSource source(
      String fileName, ByteBuffer bytes, Layer layer, boolean transposed) {
    return new WeightsSource() {
      @Override
      public void read(float[] target, int at, int count) {
        if (bytes.remaining() / Float.BYTES < count) {
          throw new WeightsException(
              fileName
                  + ": ends inside layer "
                  + layer.common().index()
                  + " ("
                  + layer.common().type()
                  + "), which needs "
                  + count
                  + " more values where "
                  + bytes.remaining() / Float.BYTES
                  + " are left; it belongs to another network.");
        }
        bytes.asFloatBuffer().get(target, at, count);
        bytes.position(bytes.position() + count * Float.BYTES);
      }

      @Override
      public boolean transposed() {
        return transposed;
      }
    };
  }
}
