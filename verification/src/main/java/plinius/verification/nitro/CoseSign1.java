package plinius.verification.nitro;

import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import plinius.verification.evidence.Cbor;
import plinius.verification.evidence.Refuted;

/** A COSE_Sign1 message (RFC 9052, section 4.2), with or without its tag, signed by ES384 alone. */
final class CoseSign1 {
  private static final long TAG = 18;
  private static final Map<?, ?> ES384 = Map.of(1L, -35L);
  private static final int PAYLOAD_BYTES_MAX = 1 << 15;

  private final byte[] header;
  private final byte[] payload;
  private final byte[] signature;

  private CoseSign1(byte[] header, byte[] payload, byte[] signature) {
    this.header = header;
    this.payload = payload;
    this.signature = signature;
  }

  static CoseSign1 parse(String what, byte[] bytes) throws Refuted {
    Object value = Cbor.parse(what, bytes);
    if (value instanceof Cbor.Tagged(long tag, Object tagged) && tag == TAG) {
      value = tagged;
    }
    if (!(value instanceof List<?> parts)
        || parts.size() != 4
        || !(parts.get(0) instanceof byte[] header)
        || !(parts.get(1) instanceof Map<?, ?> unprotected)
        || !(parts.get(2) instanceof byte[] payload)
        || !(parts.get(3) instanceof byte[] signature)
        || !unprotected.isEmpty()) {
      throw new Refuted(what, "of another form", "COSE_Sign1");
    }
    if (!ES384.equals(Cbor.parse("COSE header", header))) {
      throw new Refuted("COSE header", HexFormat.of().formatHex(header), "{1: -35}: ES384 alone");
    }
    if (payload.length > PAYLOAD_BYTES_MAX) {
      throw new Refuted(what, payload.length + " bytes", "at most " + PAYLOAD_BYTES_MAX);
    }
    return new CoseSign1(header, payload, signature);
  }

  byte[] payload() {
    return payload.clone();
  }

  byte[] signature() {
    return signature.clone();
  }

  /** Sig_structure (section 4.4), without external data. */
  byte[] signed() {
    return Cbor.arrayOf("Signature1", header, new byte[0], payload);
  }
}
