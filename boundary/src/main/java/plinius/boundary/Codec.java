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
import plinius.boundary.EnclaveMessage.Answered;
import plinius.boundary.EnclaveMessage.Done;
import plinius.boundary.EnclaveMessage.Failed;
import plinius.boundary.EnclaveMessage.IterationDone;
import plinius.boundary.EnclaveMessage.KbsCall;
import plinius.boundary.EnclaveMessage.Metric;
import plinius.boundary.EnclaveMessage.NeedPool;
import plinius.boundary.EnclaveMessage.Notice;
import plinius.boundary.EnclaveMessage.Phase;
import plinius.boundary.EnclaveMessage.PhaseBegan;
import plinius.boundary.EnclaveMessage.Ready;
import plinius.boundary.EnclaveMessage.Result;
import plinius.boundary.EnclaveMessage.Resumed;
import plinius.boundary.EnclaveMessage.Score;
import plinius.boundary.EnclaveMessage.SealedRestart;
import plinius.boundary.EnclaveMessage.Started;
import plinius.boundary.EnclaveMessage.Stopped;
import plinius.boundary.EnclaveMessage.Tested;
import plinius.boundary.EnclaveMessage.Validated;
import plinius.boundary.HostMessage.Begin;
import plinius.boundary.HostMessage.DataFile;
import plinius.boundary.HostMessage.KbsReply;
import plinius.boundary.HostMessage.KbsUnreachable;
import plinius.boundary.HostMessage.Mode;
import plinius.boundary.HostMessage.PoolReady;
import plinius.boundary.HostMessage.Protocol;
import plinius.boundary.HostMessage.Query;
import plinius.boundary.HostMessage.Setting;
import plinius.boundary.HostMessage.Stop;
import plinius.boundary.HostMessage.WriteBack;

/**
 * Messages to bytes and back.
 *
 * <pre>
 *  u8      type
 *  fields  in the order of the record's components, all numbers big-endian:
 *            int u32 | long u64 | double its 64 bits | boolean u8 0 or 1 |
 *            enum  its name as text
 *            text  u32 length, UTF-8        bytes  u32 length, bytes
 *            optional  u8 0 or 1, value     list   u32 count, values
 * </pre>
 *
 * A message has one encoding only, and everything else is refused: unknown types and names, lengths
 * beyond the message, bad UTF-8, bytes left over.
 */
public final class Codec {
  private Codec() {}

  /** The bytes of a message, without the length in front of it. */
  public static byte[] encode(Message message) {
    Out out = new Out();
    switch (message) {
      case Begin m -> {
        out.u8(1);
        out.u32(Message.VERSION);
        out.text(m.mode().name());
        out.text(m.cfgName());
        out.text(m.cfgText());
        out.u32(m.settings().size());
        for (Setting setting : m.settings()) {
          out.text(setting.key());
          out.text(setting.value());
        }
        out.dataFile(m.data());
        out.bool(m.valid().isPresent());
        m.valid().ifPresent(out::dataFile);
        out.query(m.query());
        out.text(m.poolPath());
        out.text(m.bestPath());
        out.text(m.lockPath());
        out.text(m.platformPath());
        out.bytes(m.job());
        out.u32(m.threads());
        out.u32(m.mirrorEvery());
        out.u32(m.validEvery());
        out.u32(m.iterations());
        out.text(m.writeBack().name());
        out.text(m.protocol().name());
        out.u64(m.poolBytes());
        out.bytes(m.restart());
      }
      case KbsReply m -> {
        out.u8(2);
        out.u32(m.status());
        out.optional(m.cookie());
        out.bytes(m.body());
      }
      case KbsUnreachable m -> {
        out.u8(3);
        out.text(m.reason());
      }
      case PoolReady _ -> out.u8(4);
      case Stop _ -> out.u8(5);
      case Ready m -> {
        out.u8(65);
        out.text(m.platform());
        out.bytes(m.measurement());
        out.text(m.kernels());
        out.text(m.warning());
      }
      case KbsCall m -> {
        out.u8(66);
        out.text(m.method());
        out.text(m.path());
        out.optional(m.cookie());
        out.bytes(m.body());
      }
      case NeedPool m -> {
        out.u8(67);
        out.u64(m.bytes());
        out.bool(m.best());
      }
      case Started m -> {
        out.u8(68);
        out.u32(m.target());
        out.u64(m.epoch());
        out.u64(m.seed());
        out.text(m.pool());
      }
      case Resumed m -> {
        out.u8(69);
        out.u32(m.iteration());
        out.u32(m.target());
        out.u64(m.epoch());
        out.u64(m.seed());
        out.u64(m.sequence());
        out.f64(m.averageLoss());
        out.u64(m.nanos());
        out.text(m.pool());
      }
      case PhaseBegan m -> {
        out.u8(70);
        out.text(m.phase().name());
        out.u32(m.iteration());
      }
      case IterationDone m -> {
        out.u8(71);
        out.u32(m.iteration());
        out.f64(m.loss());
        out.f64(m.averageLoss());
        out.f64(m.rate());
        out.bool(m.mirrored());
        out.u64(m.nanos());
        out.u64(m.unsealNanos());
        out.u64(m.mirrorNanos());
      }
      case Validated m -> {
        out.u8(72);
        out.u32(m.iteration());
        out.score(m.score());
        out.bool(m.best());
      }
      case Done m -> {
        out.u8(73);
        out.u32(m.iteration());
        out.bytes(m.state());
      }
      case Stopped m -> {
        out.u8(74);
        out.u32(m.iteration());
        out.bytes(m.state());
      }
      case Tested m -> {
        out.u8(75);
        out.u32(m.iteration());
        out.score(m.score());
      }
      case Result m -> {
        out.u8(78);
        out.bytes(m.sealed());
      }
      case Answered m -> {
        out.u8(79);
        out.u32(m.iteration());
        out.u64(m.samples());
      }
      case SealedRestart m -> {
        out.u8(80);
        out.bytes(m.sealed());
      }
      case Failed m -> {
        out.u8(76);
        out.u32(m.code());
        out.text(m.reason());
      }
      case Notice m -> {
        out.u8(77);
        out.text(m.text());
      }
    }
    byte[] encoded = out.buffer.toByteArray();
    Message.check(encoded.length <= Message.BYTES_MAX, "length", encoded.length);
    return encoded;
  }

  /** The message of which these are the bytes. */
  public static Message decode(byte[] encoded) {
    In in = new In(ByteBuffer.wrap(encoded));
    try {
      Message message = decode(in);
      if (in.buffer.hasRemaining()) {
        throw new BoundaryException.Malformed(
            "a message of type "
                + (encoded[0] & 0xff)
                + " has "
                + in.buffer.remaining()
                + " bytes left over; host and enclave are not of one build");
      }
      return message;
    } catch (BufferUnderflowException e) {
      throw new BoundaryException.Malformed(
          "a message of "
              + encoded.length
              + " bytes ends too early; host and enclave are not of one build");
    }
  }

  // The arguments of a record are evaluated from left to right: that is the order of the bytes.
  private static Message decode(In in) {
    int type = in.u8();
    return switch (type) {
      case 1 -> {
        int version = in.u32();
        Message.check(version == Message.VERSION, "version", version);
        yield new Begin(
            in.choice(Mode.values()),
            in.text(),
            in.text(),
            in.settings(),
            in.dataFile(),
            in.bool() ? Optional.of(in.dataFile()) : Optional.empty(),
            in.query(),
            in.text(),
            in.text(),
            in.text(),
            in.text(),
            in.bytes(),
            in.u32(),
            in.u32(),
            in.u32(),
            in.u32(),
            in.choice(WriteBack.values()),
            in.choice(Protocol.values()),
            in.u64(),
            in.bytes());
      }
      case 2 -> new KbsReply(in.u32(), in.optional(), in.bytes());
      case 3 -> new KbsUnreachable(in.text());
      case 4 -> new PoolReady();
      case 5 -> new Stop();
      case 65 -> new Ready(in.text(), in.bytes(), in.text(), in.text());
      case 66 -> new KbsCall(in.text(), in.text(), in.optional(), in.bytes());
      case 67 -> new NeedPool(in.u64(), in.bool());
      case 68 -> new Started(in.u32(), in.u64(), in.u64(), in.text());
      case 69 ->
          new Resumed(
              in.u32(), in.u32(), in.u64(), in.u64(), in.u64(), in.f64(), in.u64(), in.text());
      case 70 -> new PhaseBegan(in.choice(Phase.values()), in.u32());
      case 71 ->
          new IterationDone(
              in.u32(), in.f64(), in.f64(), in.f64(), in.bool(), in.u64(), in.u64(), in.u64());
      case 72 -> new Validated(in.u32(), in.score(), in.bool());
      case 73 -> new Done(in.u32(), in.bytes());
      case 74 -> new Stopped(in.u32(), in.bytes());
      case 75 -> new Tested(in.u32(), in.score());
      case 76 -> new Failed(in.u32(), in.text());
      case 77 -> new Notice(in.text());
      case 78 -> new Result(in.bytes());
      case 79 -> new Answered(in.u32(), in.u64());
      case 80 -> new SealedRestart(in.bytes());
      default ->
          throw new BoundaryException.Malformed(
              "no message has type " + type + "; host and enclave are not of one build");
    };
  }

  private static final class Out {
    final ByteArrayOutputStream buffer = new ByteArrayOutputStream(256);

    void u8(int value) {
      buffer.write(value);
    }

    void u32(int value) {
      buffer.writeBytes(ByteBuffer.allocate(4).putInt(value).array());
    }

    void u64(long value) {
      buffer.writeBytes(ByteBuffer.allocate(8).putLong(value).array());
    }

    void f64(double value) {
      u64(Double.doubleToLongBits(value));
    }

    void bool(boolean value) {
      u8(value ? 1 : 0);
    }

    void text(String value) {
      ByteBuffer utf8;
      try {
        utf8 = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(value));
      } catch (CharacterCodingException e) {
        throw new BoundaryException.Malformed("a text of a message is not valid Unicode");
      }
      u32(utf8.remaining());
      buffer.write(utf8.array(), utf8.arrayOffset(), utf8.remaining());
    }

    void bytes(Bytes value) {
      u32(value.length());
      buffer.writeBytes(value.array());
    }

    void dataFile(DataFile value) {
      text(value.name());
      text(value.path());
    }

    void query(Query value) {
      u32(value.length());
      f64(value.temperature());
      u64(value.draws());
      bool(value.best());
      f64(value.threshold());
      f64(value.overlap());
    }

    void score(Score value) {
      text(value.metric().name());
      u64(value.samples());
      u64(value.correct());
      f64(value.value());
    }

    void optional(Optional<String> value) {
      bool(value.isPresent());
      value.ifPresent(this::text);
    }
  }

  private static final class In {
    final ByteBuffer buffer;

    In(ByteBuffer buffer) {
      this.buffer = buffer;
    }

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

    /** Checked before anything of that length is allocated. */
    private byte[] run() {
      int length = u32();
      if (length < 0 || length > buffer.remaining()) {
        throw new BufferUnderflowException();
      }
      byte[] run = new byte[length];
      buffer.get(run);
      return run;
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

    Optional<String> optional() {
      return bool() ? Optional.of(text()) : Optional.empty();
    }

    DataFile dataFile() {
      return new DataFile(text(), text());
    }

    Query query() {
      return new Query(u32(), f64(), u64(), bool(), f64(), f64());
    }

    Score score() {
      return new Score(choice(Metric.values()), u64(), u64(), f64());
    }

    List<Setting> settings() {
      int count = u32();
      if (count < 0 || count > buffer.remaining() / 8) {
        throw new BufferUnderflowException();
      }
      List<Setting> settings = new ArrayList<>(count);
      for (int i = 0; i < count; i++) {
        settings.add(new Setting(text(), text()));
      }
      return settings;
    }
  }
}
