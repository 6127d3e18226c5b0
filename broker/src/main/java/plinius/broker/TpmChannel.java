package plinius.broker;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Bytes to a TPM 2.0 and back: the kernel's device, or the socket of an emulator. One command, one
 * response (TCG, TPM 2.0 Library, Part 3).
 */
final class TpmChannel implements AutoCloseable {
  private static final int HEADER_BYTES = 10;
  private static final int RESPONSE_BYTES_MAX = 4096;

  private final ByteChannel channel;

  private TpmChannel(ByteChannel channel) {
    this.channel = channel;
  }

  /**
   * Opens {@code /dev/...}, {@code unix:PATH} or {@code tcp:HOST:PORT}.
   *
   * @throws IllegalArgumentException if it is none of these
   */
  static TpmChannel open(String where) throws IOException {
    if (where.startsWith("unix:")) {
      return new TpmChannel(
          SocketChannel.open(UnixDomainSocketAddress.of(where.substring("unix:".length()))));
    }
    if (where.startsWith("tcp:")) {
      int colon = where.lastIndexOf(':');
      String host = where.substring("tcp:".length(), Math.max(colon, "tcp:".length()));
      return new TpmChannel(
          SocketChannel.open(
              new InetSocketAddress(host, Integer.parseInt(where.substring(colon + 1)))));
    }
    if (!where.startsWith("/")) {
      throw new IllegalArgumentException(where + " is no device, unix:PATH or tcp:HOST:PORT");
    }
    return new TpmChannel(
        FileChannel.open(Path.of(where), StandardOpenOption.READ, StandardOpenOption.WRITE));
  }

  /** Sends a whole command and reads a whole response. */
  ByteBuffer call(byte[] command) throws IOException {
    ByteBuffer out = ByteBuffer.wrap(command);
    while (out.hasRemaining()) {
      channel.write(out); // The device takes a command in one write.
    }
    ByteBuffer in = ByteBuffer.allocate(RESPONSE_BYTES_MAX);
    while (in.position() < HEADER_BYTES || in.position() < in.getInt(2)) {
      if (channel.read(in) < 0) {
        throw new IOException("the TPM ended its response after " + in.position() + " bytes");
      }
      if (in.position() >= HEADER_BYTES
          && (in.getInt(2) < HEADER_BYTES || in.getInt(2) > RESPONSE_BYTES_MAX)) {
        throw new IOException("the TPM claims a response of " + in.getInt(2) + " bytes");
      }
    }
    return in.flip();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
