package plinius.boundary;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Fields to bytes, as {@link Codec} says; a value's bytes follow from its Java type. */
public final class Encoder {
  private final ByteArrayOutputStream buffer = new ByteArrayOutputStream(256);

  private Encoder(int type) {
    buffer.write(type);
  }

  /** A message of this type, with these fields or the first of them. */
  public static Encoder of(int type, Object... fields) {
    return new Encoder(type).and(fields);
  }

  /** The bytes of the message, without the length in front of it. */
  public byte[] bytes() {
    byte[] encoded = buffer.toByteArray();
    Message.check(encoded.length <= Message.BYTES_MAX, "length", encoded.length);
    return encoded;
  }

  /** More fields. Absent ones are refused: a message says everything that it has room for. */
  public Encoder and(Object... fields) {
    for (Object value : fields) {
      switch (value) {
        case Integer number -> natural(number);
        case Long number -> u64(number);
        case Double number -> u64(Double.doubleToLongBits(number));
        case Boolean truth -> buffer.write(truth ? 1 : 0);
        case String text -> run(utf8(text));
        case Bytes bytes -> run(bytes.array());
        case Enum<?> choice -> run(utf8(choice.name()));
        case Optional<?> optional -> {
          buffer.write(optional.isPresent() ? 1 : 0);
          optional.ifPresent(this::and);
        }
        case EnclaveMessage.Score m -> and(m.metric(), m.samples(), m.correct(), m.value());
        default -> throw new IllegalStateException("no bytes stand for " + value.getClass());
      }
    }
    return this;
  }

  private void natural(int value) {
    Message.check(value >= 0, "number", value);
    buffer.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(value).array());
  }

  private void u64(long value) {
    buffer.writeBytes(ByteBuffer.allocate(Long.BYTES).putLong(value).array());
  }

  private void run(byte[] bytes) {
    natural(bytes.length);
    buffer.writeBytes(bytes);
  }

  private static byte[] utf8(String text) {
    try {
      ByteBuffer utf8 = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] bytes = new byte[utf8.remaining()];
      utf8.get(bytes);
      return bytes;
    } catch (CharacterCodingException e) {
      throw new BoundaryException.Malformed("a text of a message is not valid Unicode");
    }
  }
}
