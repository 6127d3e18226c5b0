package plinius.boundary;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Function;

/**
 * One side's end of the two pipes between host and enclave. Each message goes with its length, a
 * big-endian u32, in front. Any thread may send; one thread receives.
 *
 * @param encode with {@code decode} this side's half of the codec
 * @param <S> what this side sends
 * @param <R> what this side receives
 */
public record Channel<S extends Message, R extends Message>(
    DataInputStream in, OutputStream out, Function<S, byte[]> encode, Function<byte[], R> decode) {
  /** Returns when the message is in the pipe, not when the other side has read it. */
  public synchronized void send(S message) {
    byte[] encoded = encode.apply(message);
    try {
      out.write(
          ByteBuffer.allocate(4 + encoded.length).putInt(encoded.length).put(encoded).array());
      out.flush();
    } catch (IOException e) {
      throw new BoundaryException.Broken("the other side of the border has gone", e);
    }
  }

  /** The next message, or empty when the other side has ended and all that it sent is read. */
  public Optional<R> receive() {
    byte[] encoded;
    try {
      int length = in.readInt();
      Message.check(length > 0 && length <= Message.BYTES_MAX, "length", length);
      encoded = new byte[length];
      in.readFully(encoded);
    } catch (EOFException e) {
      // Ended, or killed in the middle of a message: what it did not finish, it did not say.
      return Optional.empty();
    } catch (IOException e) {
      throw new BoundaryException.Broken("cannot read from the other side of the border", e);
    }
    return Optional.of(decode.apply(encoded));
  }
}
