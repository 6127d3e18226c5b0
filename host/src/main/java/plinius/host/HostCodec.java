package plinius.host;

import plinius.boundary.Codec;
import plinius.boundary.Decoder;
import plinius.boundary.EnclaveMessage;
import plinius.boundary.Encoder;
import plinius.boundary.HostMessage;
import plinius.boundary.Message;

/** The host's half of {@link Codec}. */
final class HostCodec {
  private HostCodec() {}

  /** The bytes of a message, without the length in front of it. */
  static byte[] encode(HostMessage message) {
    return encoder(message).bytes();
  }

  private static Encoder encoder(HostMessage message) {
    return switch (message) {
      case HostMessage.Begin m -> begin(m);
      case HostMessage.KbsReply m -> Encoder.of(2, m.status(), m.cookie(), m.body());
      case HostMessage.KbsUnreachable m -> Encoder.of(3, m.reason());
      case HostMessage.PoolReady _ -> Encoder.of(4);
      case HostMessage.Stop _ -> Encoder.of(5);
    };
  }

  private static Encoder begin(HostMessage.Begin m) {
    Encoder out = Encoder.of(1, Message.VERSION, m.mode(), m.cfgName(), m.cfgText());
    out.and(m.settings().size());
    m.settings().forEach(setting -> out.and(setting.key(), setting.value()));
    out.and(m.data().name(), m.data().path(), m.valid().isPresent());
    m.valid().ifPresent(file -> out.and(file.name(), file.path()));
    HostMessage.Query query = m.query();
    return out.and(query.length(), query.temperature(), query.draws(), query.best())
        .and(query.threshold(), query.overlap())
        .and(m.poolPath(), m.bestPath(), m.lockPath(), m.platformPath(), m.job())
        .and(m.threads(), m.mirrorEvery(), m.validEvery(), m.iterations())
        .and(m.writeBack(), m.protocol(), m.poolBytes(), m.restart(), m.phases());
  }

  /** The message of which these are the bytes. */
  static EnclaveMessage decode(byte[] encoded) {
    return Decoder.message(encoded, HostCodec::read);
  }

  // The arguments of a record are evaluated from left to right: that is the order of the bytes.

  private static EnclaveMessage read(Decoder in) {
    int type = in.u8();
    return switch (type) {
      case 65 -> new EnclaveMessage.Ready(in.text(), in.bytes(), in.text(), in.text());
      case 66 ->
          new EnclaveMessage.KbsCall(in.text(), in.text(), in.optional(in::text), in.bytes());
      case 67 -> new EnclaveMessage.NeedPool(in.u64(), in.bool());
      case 68 -> new EnclaveMessage.Started(in.natural(), in.u64(), in.u64(), in.text());
      case 69 ->
          new EnclaveMessage.Resumed(
              in.natural(),
              in.natural(),
              in.u64(),
              in.u64(),
              in.u64(),
              in.f64(),
              in.u64(),
              in.text());
      case 70 ->
          new EnclaveMessage.PhaseBegan(in.choice(EnclaveMessage.Phase.values()), in.natural());
      case 71 ->
          new EnclaveMessage.IterationDone(
              in.natural(),
              in.f64(),
              in.f64(),
              in.f64(),
              in.bool(),
              in.u64(),
              in.u64(),
              in.u64(),
              in.u64());
      case 72 -> new EnclaveMessage.Validated(in.natural(), score(in), in.bool());
      case 73 -> new EnclaveMessage.Done(in.natural(), in.bytes());
      case 74 -> new EnclaveMessage.Stopped(in.natural(), in.bytes());
      case 75 -> new EnclaveMessage.Tested(in.natural(), score(in));
      case 76 -> new EnclaveMessage.Failed(in.natural(), in.text());
      case 77 -> new EnclaveMessage.Notice(in.text());
      case 78 -> new EnclaveMessage.Result(in.bytes());
      case 79 -> new EnclaveMessage.Answered(in.natural(), in.u64());
      case 80 -> new EnclaveMessage.SealedRestart(in.bytes());
      case 81 -> new EnclaveMessage.Replanned(in.natural(), in.text(), in.text());
      default -> throw Decoder.unknown(type);
    };
  }

  private static EnclaveMessage.Score score(Decoder in) {
    return new EnclaveMessage.Score(
        in.choice(EnclaveMessage.Metric.values()), in.u64(), in.u64(), in.f64());
  }
}
