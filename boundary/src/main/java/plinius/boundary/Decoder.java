package plinius.boundary;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** Bytes to fields, as {@link Codec} says; whatever else comes is refused. */
public record Decoder(ByteBuffer buffer) {
  /** The message of which these are the bytes, all of them. */
  public static <M extends Message> M message(byte[] encoded, Function<Decoder, M> read) {
    Decoder in = new Decoder(ByteBuffer.wrap(encoded));
    try {
      M message = read.apply(in);
      if (in.buffer.hasRemaining()) {
        throw otherBuild(
            "a %s has %d bytes left over"
                .formatted(message.getClass().getSimpleName(), in.buffer.remaining()));
      }
      return message;
    } catch (BufferUnderflowException e) {
      throw otherBuild("a message of %d bytes ends too early".formatted(encoded.length));
    }
  }

  /** There is no message of this type from that side. */
  public static BoundaryException.Malformed unknown(int type) {
    return otherBuild("no message of that side has type " + type);
  }

  private static BoundaryException.Malformed otherBuild(String what) {
    return new BoundaryException.Malformed(what + "; host and enclave are not of one build");
  }

  public int u8() {
    return buffer.get() & 0xff;
  }

  /** An int, of which none is negative. */
  public int natural() {
    int value = buffer.getInt();
    Message.check(value >= 0, "number", value);
    return value;
  }

  public long u64() {
    return buffer.getLong();
  }

  public double f64() {
    long bits = u64();
    double value = Double.longBitsToDouble(bits);
    Message.check(Double.doubleToLongBits(value) == bits, "number, a NaN of several", value);
    return value;
  }

  public boolean bool() {
    int value = u8();
    Message.check(value <= 1, "boolean", value);
    return value == 1;
  }

  public <E extends Enum<E>> E choice(E[] values) {
    String name = text();
    for (E value : values) {
      if (value.name().equals(name)) {
        return value;
      }
    }
    throw new BoundaryException.Malformed("a message names an unknown choice");
  }

  public String text() {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(run())).toString();
    } catch (CharacterCodingException e) {
      throw new BoundaryException.Malformed("a text of a message is not valid UTF-8");
    }
  }

  public Bytes bytes() {
    return Bytes.of(run());
  }

  private byte[] run() {
    byte[] run = new byte[count()];
    buffer.get(run);
    return run;
  }

  public <T> Optional<T> optional(Supplier<T> next) {
    return bool() ? Optional.of(next.get()) : Optional.empty();
  }

  public <T> List<T> list(Supplier<T> next) {
    List<T> list = new ArrayList<>();
    for (int left = count(); left > 0; left--) {
      list.add(next.get());
    }
    return list;
  }

  /** Of things of at least a byte each: checked before anything of that length is allocated. */
  private int count() {
    int count = natural();
    if (count > buffer.remaining()) {
      throw new BufferUnderflowException();
    }
    return count;
  }
}
