package plinius.system;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Stands between host and broker, passes every byte on and writes it down: what a wire shows. */
final class RecordingProxy implements AutoCloseable {
  private final ServerSocket server;
  private final URI target;
  private final Path record;

  private RecordingProxy(ServerSocket server, URI target, Path record) {
    this.server = server;
    this.target = target;
    this.record = record;
  }

  /** Listens on a port of its own. */
  static RecordingProxy before(URI target, Path record) {
    try {
      Files.createFile(record);
      ServerSocket server = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
      RecordingProxy proxy = new RecordingProxy(server, target, record);
      Thread.ofVirtual().start(proxy::accept);
      return proxy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the host is told instead of the broker. */
  URI url() {
    return URI.create("https://127.0.0.1:" + server.getLocalPort());
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket host = server.accept();
        Socket broker = new Socket(target.getHost(), target.getPort());
        Thread.ofVirtual().start(() -> pass(host, broker));
        Thread.ofVirtual().start(() -> pass(broker, host));
      } catch (IOException e) {
        // Closed: the test is over.
      }
    }
  }

  private void pass(Socket from, Socket to) {
    byte[] buffer = new byte[16 * 1024];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        write(buffer, read);
        out.write(buffer, 0, read);
      }
    } catch (IOException e) {
      // One of both has gone: so goes the other.
    }
  }

  private synchronized void write(byte[] bytes, int length) throws IOException {
    try (OutputStream out = Files.newOutputStream(record, StandardOpenOption.APPEND)) {
      out.write(bytes, 0, length);
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
