package plinius.boundary;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

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
 * beyond the message, bad UTF-8, bytes left over. A value's bytes follow from its Java type.
 * Reflection over the records would be shorter still, but its first use takes longer than the
 * virtual machine's start.
 */
public final class Codec {
  private Codec() {}

  /** The bytes of a message, without the length in front of it. */
  public static byte[] encode(Message message) {
    Out out = new Out();
    switch (message) {
      case HostMessage m -> encode(m, out);
      case EnclaveMessage m -> encode(m, out);
    }
    byte[] encoded = out.buffer.toByteArray();
    Message.check(encoded.length <= Message.BYTES_MAX, "length", encoded.length);
    return encoded;
  }

  private static void encode(HostMessage message, Out out) {
    switch (message) {
      case HostMessage.Begin m -> {
        out.message(1, Message.VERSION, m.mode(), m.cfgName(), m.cfgText(), m.settings());
        out.values(m.data(), m.valid(), m.query());
        out.values(m.poolPath(), m.bestPath(), m.lockPath(), m.platformPath(), m.job());
        out.values(m.threads(), m.mirrorEvery(), m.validEvery(), m.iterations());
        out.values(m.writeBack(), m.protocol(), m.poolBytes(), m.restart());
      }
      case HostMessage.KbsReply m -> out.message(2, m.status(), m.cookie(), m.body());
      case HostMessage.KbsUnreachable m -> out.message(3, m.reason());
      case HostMessage.PoolReady _ -> out.message(4);
      case HostMessage.Stop _ -> out.message(5);
    }
  }

  private static void encode(EnclaveMessage message, Out out) {
    switch (message) {
      case EnclaveMessage.Ready m ->
          out.message(65, m.platform(), m.measurement(), m.kernels(), m.warning());
      case EnclaveMessage.KbsCall m -> out.message(66, m.method(), m.path(), m.cookie(), m.body());
      case EnclaveMessage.NeedPool m -> out.message(67, m.bytes(), m.best());
      case EnclaveMessage.Started m -> out.message(68, m.target(), m.epoch(), m.seed(), m.pool());
      case EnclaveMessage.Resumed m -> {
        out.message(69, m.iteration(), m.target(), m.epoch(), m.seed(), m.sequence());
        out.values(m.averageLoss(), m.nanos(), m.pool());
      }
      case EnclaveMessage.PhaseBegan m -> out.message(70, m.phase(), m.iteration());
      case EnclaveMessage.IterationDone m -> {
        out.message(71, m.iteration(), m.loss(), m.averageLoss(), m.rate(), m.mirrored());
        out.values(m.nanos(), m.unsealNanos(), m.mirrorNanos());
      }
      case EnclaveMessage.Validated m -> out.message(72, m.iteration(), m.score(), m.best());
      case EnclaveMessage.Done m -> out.message(73, m.iteration(), m.state());
      case EnclaveMessage.Stopped m -> out.message(74, m.iteration(), m.state());
      case EnclaveMessage.Tested m -> out.message(75, m.iteration(), m.score());
      case EnclaveMessage.Failed m -> out.message(76, m.code(), m.reason());
      case EnclaveMessage.Notice m -> out.message(77, m.text());
      case EnclaveMessage.Result m -> out.message(78, m.sealed());
      case EnclaveMessage.Answered m -> out.message(79, m.iteration(), m.samples());
      case EnclaveMessage.SealedRestart m -> out.message(80, m.sealed());
    }
  }

  /** The message of which these are the bytes. */
  public static Message decode(byte[] encoded) {
    In in = new In(ByteBuffer.wrap(encoded));
    try {
      Message message = decode(in.u8(), in);
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

  // The arguments of a record are evaluated from left to right: that is the order of the bytes.
  private static Message decode(int type, In in) {
    return switch (type) {
      case 1 -> {
        int version = in.u32();
        Message.check(version == Message.VERSION, "version", version);
        yield new HostMessage.Begin(
            in.choice(HostMessage.Mode.values()),
            in.text(),
            in.text(),
            in.list(() -> new HostMessage.Setting(in.text(), in.text())),
            in.dataFile(),
            in.optional(in::dataFile),
            new HostMessage.Query(in.u32(), in.f64(), in.u64(), in.bool(), in.f64(), in.f64()),
            in.text(),
            in.text(),
            in.text(),
            in.text(),
            in.bytes(),
            in.u32(),
            in.u32(),
            in.u32(),
            in.u32(),
            in.choice(HostMessage.WriteBack.values()),
            in.choice(HostMessage.Protocol.values()),
            in.u64(),
            in.bytes());
      }
      case 2 -> new HostMessage.KbsReply(in.u32(), in.optional(in::text), in.bytes());
      case 3 -> new HostMessage.KbsUnreachable(in.text());
      case 4 -> new HostMessage.PoolReady();
      case 5 -> new HostMessage.Stop();
      case 65 -> new EnclaveMessage.Ready(in.text(), in.bytes(), in.text(), in.text());
      case 66 ->
          new EnclaveMessage.KbsCall(in.text(), in.text(), in.optional(in::text), in.bytes());
      case 67 -> new EnclaveMessage.NeedPool(in.u64(), in.bool());
      case 68 -> new EnclaveMessage.Started(in.u32(), in.u64(), in.u64(), in.text());
      case 69 ->
          new EnclaveMessage.Resumed(
              in.u32(), in.u32(), in.u64(), in.u64(), in.u64(), in.f64(), in.u64(), in.text());
      case 70 -> new EnclaveMessage.PhaseBegan(in.choice(EnclaveMessage.Phase.values()), in.u32());
      case 71 ->
          new EnclaveMessage.IterationDone(
              in.u32(), in.f64(), in.f64(), in.f64(), in.bool(), in.u64(), in.u64(), in.u64());
      case 72 -> new EnclaveMessage.Validated(in.u32(), in.score(), in.bool());
      case 73 -> new EnclaveMessage.Done(in.u32(), in.bytes());
      case 74 -> new EnclaveMessage.Stopped(in.u32(), in.bytes());
      case 75 -> new EnclaveMessage.Tested(in.u32(), in.score());
      case 76 -> new EnclaveMessage.Failed(in.u32(), in.text());
      case 77 -> new EnclaveMessage.Notice(in.text());
      case 78 -> new EnclaveMessage.Result(in.bytes());
      case 79 -> new EnclaveMessage.Answered(in.u32(), in.u64());
      case 80 -> new EnclaveMessage.SealedRestart(in.bytes());
      default -> throw otherBuild("no message has type " + type);
    };
  }

  private static BoundaryException.Malformed otherBuild(String what) {
    return new BoundaryException.Malformed(what + "; host and enclave are not of one build");
  }

  private static final class Out {
    final ByteArrayOutputStream buffer = new ByteArrayOutputStream(256);

    void message(int type, Object... fields) {
      buffer.write(type);
      values(fields);
    }

    /** Absent ones are refused: a message says everything that it has room for. */
    void values(Object... values) {
      for (Object value : values) {
        switch (value) {
          case Integer number -> u32(number);
          case Long number -> u64(number);
          case Double number -> u64(Double.doubleToLongBits(number));
          case Boolean truth -> buffer.write(truth ? 1 : 0);
          case String text -> run(utf8(text));
          case Bytes bytes -> run(bytes.array());
          case Enum<?> choice -> run(utf8(choice.name()));
          case Optional<?> optional -> {
            buffer.write(optional.isPresent() ? 1 : 0);
            optional.ifPresent(this::values);
          }
          case List<?> list -> {
            u32(list.size());
            values(list.toArray());
          }
          case HostMessage.Setting m -> values(m.key(), m.value());
          case HostMessage.DataFile m -> values(m.name(), m.path());
          case HostMessage.Query m ->
              values(m.length(), m.temperature(), m.draws(), m.best(), m.threshold(), m.overlap());
          case EnclaveMessage.Score m -> values(m.metric(), m.samples(), m.correct(), m.value());
          default -> throw new IllegalStateException("no bytes stand for " + value.getClass());
        }
      }
    }

    private void u32(int value) {
      buffer.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(value).array());
    }

    private void u64(long value) {
      buffer.writeBytes(ByteBuffer.allocate(Long.BYTES).putLong(value).array());
    }

    private void run(byte[] bytes) {
      u32(bytes.length);
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

  private record In(ByteBuffer buffer) {
    int u8() {
      return buffer.get() & 0xff;
    }

    int u32() {
      return buffer.getInt();
    }

    long u64() {
      return buffer.getLong();
    }

    double f64() {
      long bits = u64();
      double value = Double.longBitsToDouble(bits);
      Message.check(Double.doubleToLongBits(value) == bits, "number, a NaN of several", value);
      return value;
    }

    boolean bool() {
      int value = u8();
      Message.check(value <= 1, "boolean", value);
      return value == 1;
    }

    <E extends Enum<E>> E choice(E[] values) {
      String name = text();
      for (E value : values) {
        if (value.name().equals(name)) {
          return value;
        }
      }
      throw new BoundaryException.Malformed("a message names an unknown choice");
    }

    String text() {
      try {
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(run())).toString();
      } catch (CharacterCodingException e) {
        throw new BoundaryException.Malformed("a text of a message is not valid UTF-8");
      }
    }

    Bytes bytes() {
      return Bytes.of(run());
    }

    private byte[] run() {
      byte[] run = new byte[count()];
      buffer.get(run);
      return run;
    }

    HostMessage.DataFile dataFile() {
      return new HostMessage.DataFile(text(), text());
    }

    EnclaveMessage.Score score() {
      return new EnclaveMessage.Score(choice(EnclaveMessage.Metric.values()), u64(), u64(), f64());
    }

    <T> Optional<T> optional(Supplier<T> next) {
      return bool() ? Optional.of(next.get()) : Optional.empty();
    }

    <T> List<T> list(Supplier<T> next) {
      List<T> list = new ArrayList<>();
      for (int left = count(); left > 0; left--) {
        list.add(next.get());
      }
      return list;
    }

    /** Of things of at least a byte each: checked before anything of that length is allocated. */
    private int count() {
      int count = u32();
      if (count < 0 || count > buffer.remaining()) {
        throw new BufferUnderflowException();
      }
      return count;
    }
  }
}
