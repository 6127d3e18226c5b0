package plinius.boundary;

/**
 * Messages to bytes and back: the enclave's half of it. The host's lies with the host.
 *
 * <pre>
 *  u8      type
 *  u32     version of all messages; of a Begin only
 *  fields  in the order of the record's components, all numbers big-endian:
 *            int u32, none negative | long u64 | double its 64 bits | boolean u8 0 or 1 |
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
  public static byte[] encode(EnclaveMessage message) {
    return encoder(message).bytes();
  }

  private static Encoder encoder(EnclaveMessage message) {
    return switch (message) {
      case EnclaveMessage.Ready m ->
          Encoder.of(65, m.platform(), m.measurement(), m.kernels(), m.warning());
      case EnclaveMessage.KbsCall m -> Encoder.of(66, m.method(), m.path(), m.cookie(), m.body());
      case EnclaveMessage.NeedPool m -> Encoder.of(67, m.bytes(), m.best());
      case EnclaveMessage.Started m -> Encoder.of(68, m.target(), m.epoch(), m.seed(), m.pool());
      case EnclaveMessage.Resumed m ->
          Encoder.of(69, m.iteration(), m.target(), m.epoch(), m.seed(), m.sequence())
              .and(m.averageLoss(), m.nanos(), m.pool());
      case EnclaveMessage.PhaseBegan m -> Encoder.of(70, m.phase(), m.iteration());
      case EnclaveMessage.IterationDone m ->
          Encoder.of(71, m.iteration(), m.loss(), m.averageLoss(), m.rate(), m.mirrored())
              .and(m.nanos(), m.unsealNanos(), m.mirrorNanos(), m.mirrorWaitNanos());
      case EnclaveMessage.Validated m -> Encoder.of(72, m.iteration(), m.score(), m.best());
      case EnclaveMessage.Done m -> Encoder.of(73, m.iteration(), m.state());
      case EnclaveMessage.Stopped m -> Encoder.of(74, m.iteration(), m.state());
      case EnclaveMessage.Tested m -> Encoder.of(75, m.iteration(), m.score());
      case EnclaveMessage.Failed m -> Encoder.of(76, m.code(), m.reason());
      case EnclaveMessage.Notice m -> Encoder.of(77, m.text());
      case EnclaveMessage.Result m -> Encoder.of(78, m.sealed());
      case EnclaveMessage.Answered m -> Encoder.of(79, m.iteration(), m.samples());
      case EnclaveMessage.SealedRestart m -> Encoder.of(80, m.sealed());
      case EnclaveMessage.Replanned m -> Encoder.of(81, m.iteration(), m.before(), m.plan());
    };
  }

  /** The message of which these are the bytes. */
  public static HostMessage decode(byte[] encoded) {
    return Decoder.message(encoded, Codec::read);
  }

  // The arguments of a record are evaluated from left to right: that is the order of the bytes.

  private static HostMessage read(Decoder in) {
    int type = in.u8();
    return switch (type) {
      case 1 -> {
        int version = in.natural();
        Message.check(version == Message.VERSION, "version", version);
        yield new HostMessage.Begin(
            in.choice(HostMessage.Mode.values()),
            in.text(),
            in.text(),
            in.list(() -> new HostMessage.Setting(in.text(), in.text())),
            dataFile(in),
            in.optional(() -> dataFile(in)),
            new HostMessage.Query(in.natural(), in.f64(), in.u64(), in.bool(), in.f64(), in.f64()),
            in.text(),
            in.text(),
            in.text(),
            in.text(),
            in.bytes(),
            in.natural(),
            in.natural(),
            in.natural(),
            in.natural(),
            in.choice(HostMessage.WriteBack.values()),
            in.choice(HostMessage.Protocol.values()),
            in.u64(),
            in.bytes(),
            in.bool());
      }
      case 2 -> new HostMessage.KbsReply(in.natural(), in.optional(in::text), in.bytes());
      case 3 -> new HostMessage.KbsUnreachable(in.text());
      case 4 -> new HostMessage.PoolReady();
      case 5 -> new HostMessage.Stop();
      default -> throw Decoder.unknown(type);
    };
  }

  private static HostMessage.DataFile dataFile(Decoder in) {
    return new HostMessage.DataFile(in.text(), in.text());
  }
}
