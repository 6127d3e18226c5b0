package plinius.boundary;

import java.io.ByteArrayOutputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Messages to bytes and back.
 *
 * <pre>
 *  u8      type
 *  u32     version of all messages; of a Begin only
 *  fields  in the order of the record's components, all numbers big-endian:
 *            int u32 | long u64 | double its 64 bits | boolean u8 0 or 1 |
 *            enum  its name as text
 *            text  u32 length, UTF-8        bytes  u32 length, bytes
 *            optional  u8 0 or 1, value     list   u32 count, values
 *            record  its fields
 * </pre>
 *
 * A message has one encoding only, and everything else is refused: unknown types and names, lengths
 * beyond the message, bad UTF-8, bytes left over. The declaration of a record is all that there is
 * to say about its bytes: so both directions read it, by reflection over the records of this module
 * and over nothing else, and cannot differ.
 */
public final class Codec {
  /** A message's type is its place in here, from 1: who adds a message adds it at the end. */
  private static final List<Class<? extends Record>> OF_HOST =
      List.of(
          HostMessage.Begin.class,
          HostMessage.KbsReply.class,
          HostMessage.KbsUnreachable.class,
          HostMessage.PoolReady.class,
          HostMessage.Stop.class);

  /** The same, from 65. */
  private static final List<Class<? extends Record>> OF_ENCLAVE =
      List.of(
          EnclaveMessage.Ready.class,
          EnclaveMessage.KbsCall.class,
          EnclaveMessage.NeedPool.class,
          EnclaveMessage.Started.class,
          EnclaveMessage.Resumed.class,
          EnclaveMessage.PhaseBegan.class,
          EnclaveMessage.IterationDone.class,
          EnclaveMessage.Validated.class,
          EnclaveMessage.Done.class,
          EnclaveMessage.Stopped.class,
          EnclaveMessage.Tested.class,
          EnclaveMessage.Failed.class,
          EnclaveMessage.Notice.class,
          EnclaveMessage.Result.class,
          EnclaveMessage.Answered.class,
          EnclaveMessage.SealedRestart.class);

  private static final int HOST_FIRST = 1;
  private static final int ENCLAVE_FIRST = 65;

  private Codec() {}

  /** The bytes of a message, without the length in front of it. */
  public static byte[] encode(Message message) {
    Out out = new Out();
    switch (message) {
      case HostMessage m -> out.u8(HOST_FIRST + OF_HOST.indexOf(m.getClass()));
      case EnclaveMessage m -> out.u8(ENCLAVE_FIRST + OF_ENCLAVE.indexOf(m.getClass()));
    }
    if (message instanceof HostMessage.Begin) {
      out.u32(Message.VERSION);
    }
    out.fields((Record) message);
    byte[] encoded = out.buffer.toByteArray();
    Message.check(encoded.length <= Message.BYTES_MAX, "length", encoded.length);
    return encoded;
  }

  /** The message of which these are the bytes. */
  public static Message decode(byte[] encoded) {
    In in = new In(ByteBuffer.wrap(encoded));
    try {
      Class<? extends Record> kind = kind(in.u8());
      if (kind == HostMessage.Begin.class) {
        int version = in.buffer.getInt();
        Message.check(version == Message.VERSION, "version", version);
      }
      Message message = (Message) in.fields(kind);
      if (in.buffer.hasRemaining()) {
        throw otherBuild(
            "a %s has %d bytes left over".formatted(kind.getSimpleName(), in.buffer.remaining()));
      }
      return message;
    } catch (BufferUnderflowException e) {
      throw otherBuild("a message of %d bytes ends too early".formatted(encoded.length));
    }
  }

  private static Class<? extends Record> kind(int type) {
    boolean ofHost = type < ENCLAVE_FIRST;
    List<Class<? extends Record>> kinds = ofHost ? OF_HOST : OF_ENCLAVE;
    int place = type - (ofHost ? HOST_FIRST : ENCLAVE_FIRST);
    if (place < 0 || place >= kinds.size()) {
      throw otherBuild("no message has type " + type);
    }
    return kinds.get(place);
  }

  private static BoundaryException.Malformed otherBuild(String what) {
    return new BoundaryException.Malformed(what + "; host and enclave are not of one build");
  }

  private static final class Out {
    final ByteArrayOutputStream buffer = new ByteArrayOutputStream(256);

    void u8(int value) {
      buffer.write(value);
    }

    void u32(int value) {
      buffer.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(value).array());
    }

    void u64(long value) {
      buffer.writeBytes(ByteBuffer.allocate(Long.BYTES).putLong(value).array());
    }

    void run(byte[] bytes) {
      u32(bytes.length);
      buffer.writeBytes(bytes);
    }

    void fields(Record message) {
      for (RecordComponent part : message.getClass().getRecordComponents()) {
        try {
          value(Objects.requireNonNull(part.getAccessor().invoke(message), part.getName()));
        } catch (ReflectiveOperationException e) {
          throw new IllegalStateException("a message hides its " + part.getName(), e);
        }
      }
    }

    private void value(Object value) {
      switch (value) {
        case Integer number -> u32(number);
        case Long number -> u64(number);
        case Double number -> u64(Double.doubleToLongBits(number));
        case Boolean truth -> u8(truth ? 1 : 0);
        case String text -> run(utf8(text));
        case Bytes bytes -> run(bytes.array());
        case Enum<?> choice -> run(utf8(choice.name()));
        case Optional<?> optional -> {
          u8(optional.isPresent() ? 1 : 0);
          optional.ifPresent(this::value);
        }
        case List<?> list -> {
          u32(list.size());
          list.forEach(this::value);
        }
        case Record part -> fields(part);
        default -> throw new IllegalStateException("no bytes stand for a " + value.getClass());
      }
    }

    private static byte[] utf8(String text) {
      try {
        ByteBuffer utf8 = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
        return Arrays.copyOf(utf8.array(), utf8.limit());
      } catch (CharacterCodingException e) {
        throw new BoundaryException.Malformed("a text of a message is not valid Unicode");
      }
    }
  }

  private record In(ByteBuffer buffer) {
    int u8() {
      return buffer.get() & 0xff;
    }

    <T> T fields(Class<T> kind) {
      RecordComponent[] parts = kind.getRecordComponents();
      Class<?>[] types = new Class<?>[parts.length];
      Object[] values = new Object[parts.length];
      for (int i = 0; i < parts.length; i++) {
        types[i] = parts[i].getType();
        values[i] = value(parts[i].getGenericType());
      }
      try {
        return kind.getDeclaredConstructor(types).newInstance(values);
      } catch (InvocationTargetException e) {
        throw e.getCause() instanceof BoundaryException refusal
            ? refusal
            : new IllegalStateException(e);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("a message cannot be made", e);
      }
    }

    private Object value(Type type) {
      return switch (type) {
        case Class<?> plain when plain == int.class -> buffer.getInt();
        case Class<?> plain when plain == long.class -> buffer.getLong();
        case Class<?> plain when plain == double.class -> f64();
        case Class<?> plain when plain == boolean.class -> bool();
        case Class<?> plain when plain == String.class -> text();
        case Class<?> plain when plain == Bytes.class -> Bytes.of(run());
        case Class<?> plain when plain.isEnum() -> choice(plain.getEnumConstants());
        case Class<?> plain when plain.isRecord() -> fields(plain);
        case ParameterizedType of when of.getRawType() == Optional.class ->
            bool() ? Optional.of(value(of.getActualTypeArguments()[0])) : Optional.empty();
        case ParameterizedType of when of.getRawType() == List.class ->
            list(of.getActualTypeArguments()[0]);
        default -> throw new IllegalStateException("no bytes stand for a " + type);
      };
    }

    private double f64() {
      long bits = buffer.getLong();
      double value = Double.longBitsToDouble(bits);
      Message.check(Double.doubleToLongBits(value) == bits, "number, a NaN of several", value);
      return value;
    }

    private boolean bool() {
      int value = u8();
      Message.check(value <= 1, "boolean", value);
      return value == 1;
    }

    private Object choice(Object[] values) {
      String name = text();
      return Arrays.stream(values)
          .filter(value -> ((Enum<?>) value).name().equals(name))
          .findFirst()
          .orElseThrow(() -> new BoundaryException.Malformed("a message names an unknown choice"));
    }

    private String text() {
      try {
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(run())).toString();
      } catch (CharacterCodingException e) {
        throw new BoundaryException.Malformed("a text of a message is not valid UTF-8");
      }
    }

    private byte[] run() {
      byte[] run = new byte[count()];
      buffer.get(run);
      return run;
    }

    private List<Object> list(Type type) {
      List<Object> list = new ArrayList<>();
      for (int left = count(); left > 0; left--) {
        list.add(value(type));
      }
      return list;
    }

    /** Of things of at least a byte each: checked before anything of that length is allocated. */
    private int count() {
      int count = buffer.getInt();
      if (count < 0 || count > buffer.remaining()) {
        throw new BufferUnderflowException();
      }
      return count;
    }
  }
}
