package plinius.verification.intel;

import plinius.attestation.TeeKind;
import plinius.verification.evidence.ByteView;
import plinius.verification.evidence.Refuted;

/**
 * An Intel quote taken apart, nothing in it verified yet (Intel SGX DCAP quote generation library,
 * sgx_quote_3.h, sgx_quote_4.h, sgx_quote_5.h). All numbers little-endian:
 *
 * <pre>
 *     0  version u16, attestation key type u16, TEE type u32, 8 bytes, QE vendor 16, user data 20
 *    48  version 3, 4: the body; version 5: body type u16, body size u32, the body
 *        length u32 of the signature data; the signature data; what follows is not looked at
 *
 *   signature data: signature 64, attestation key 64, then
 *     version 3:    QE report 384, its signature 64, length u16 and authentication data,
 *                   type u16, length u32 and certification data
 *     version 4, 5: type u16 = 6, length u32, and in it the same as in version 3
 * </pre>
 */
final class Quote {
  static final int REPORT_BYTES = 384;
  static final int SIGNATURE_BYTES = 64;
  private static final int HEADER_BYTES = 48;
  private static final int TD_10_BYTES = 584;
  private static final int TD_15_BYTES = 648;
  private static final int TD_15_EXTENDED_BYTES = 885;
  private static final int ECDSA_P256 = 2;
  private static final int TYPE_QE_REPORT = 6;
  private static final long TEE_SGX = 0;
  private static final long TEE_TDX = 0x81;
  private static final String INTEL_QE = "939a7233f79c4ca9940a0db3957f0607";

  private final int version;
  private final TeeKind kind;
  private final ByteView body;
  private final byte[] signed;
  private final ByteView signature;
  private final int trailingBytes;
  private final QeCertification certification;

  private Quote(
      int version,
      TeeKind kind,
      ByteView body,
      byte[] signed,
      ByteView signature,
      QeCertification certification,
      int trailingBytes) {
    this.version = version;
    this.kind = kind;
    this.body = body;
    this.signed = signed;
    this.signature = signature;
    this.certification = certification;
    this.trailingBytes = trailingBytes;
  }

  static Quote parse(byte[] bytes) throws Refuted {
    ByteView quote = ByteView.of("quote", bytes);
    int version = quote.u16(0);
    if (version < 3 || version > 5) {
      throw new Refuted("quote version", Integer.toString(version), "3, 4 or 5");
    }
    if (quote.u16(2) != ECDSA_P256) {
      throw new Refuted(
          "attestation key type", Integer.toString(quote.u16(2)), "2 (ECDSA over P-256)");
    }
    long tee = version == 3 ? TEE_SGX : quote.u32(4);
    if (tee != TEE_SGX && tee != TEE_TDX) {
      throw new Refuted("TEE type", Long.toHexString(tee), "0 (SGX) or 81 (TDX)");
    }
    if (!quote.hex(12, 16).equals(INTEL_QE)) {
      throw new Refuted("QE vendor", quote.hex(12, 16), INTEL_QE + " (Intel)");
    }
    int bodyAt = version == 5 ? HEADER_BYTES + 6 : HEADER_BYTES;
    int bodyBytes = version == 5 ? bodyBytes(quote, tee) : tee == TEE_SGX ? 384 : TD_10_BYTES;
    int end = bodyAt + bodyBytes;
    long signatureBytes = quote.u32(end);
    ByteView signature = quote.part("quote signature data", end + 4L, signatureBytes);
    return new Quote(
        version,
        tee == TEE_SGX ? TeeKind.SGX : TeeKind.TDX,
        quote.part("quote body", bodyAt, bodyBytes),
        quote.bytes(0, end),
        signature,
        certification(version, signature),
        (int) (bytes.length - end - 4 - signatureBytes));
  }

  private static int bodyBytes(ByteView quote, long tee) throws Refuted {
    int type = quote.u16(HEADER_BYTES);
    int bytes =
        switch (type) {
          case 1 -> REPORT_BYTES;
          case 2 -> TD_10_BYTES;
          case 3 -> TD_15_BYTES;
          case 4 -> TD_15_EXTENDED_BYTES;
          default -> throw new Refuted("quote body type", Integer.toString(type), "1 to 4");
        };
    if (quote.u32(HEADER_BYTES + 2) != bytes) {
      throw new Refuted(
          "quote body size",
          Long.toString(quote.u32(HEADER_BYTES + 2)),
          bytes + " for type " + type);
    }
    if ((type == 1) != (tee == TEE_SGX)) {
      throw new Refuted("quote body type", type + " in TEE type " + tee, "a type of that TEE");
    }
    return bytes;
  }

  private static QeCertification certification(int version, ByteView signature) throws Refuted {
    int at = 2 * SIGNATURE_BYTES;
    if (version == 3) {
      return QeCertification.parse(signature.part("QE certification", at, signature.length() - at));
    }
    if (signature.u16(at) != TYPE_QE_REPORT) {
      throw new Refuted(
          "certification data type",
          Integer.toString(signature.u16(at)),
          TYPE_QE_REPORT + " (QE report) in version " + version);
    }
    return QeCertification.parse(
        signature.part("QE certification", at + 6L, signature.u32(at + 2)));
  }

  int version() {
    return version;
  }

  TeeKind kind() {
    return kind;
  }

  /** The enclave's report, or the trust domain's. */
  ByteView body() {
    return body;
  }

  /** Whether the body is a TD report 1.5, which says what runs now beside what was launched. */
  boolean isTd15() {
    return kind == TeeKind.TDX && body.length() >= TD_15_BYTES;
  }

  /** What the attestation key signs: header and body. */
  byte[] signed() {
    return signed.clone();
  }

  byte[] signature() throws Refuted {
    return signature.bytes(0, SIGNATURE_BYTES);
  }

  /** x and y of the attestation key. */
  byte[] attestationKey() throws Refuted {
    return signature.bytes(SIGNATURE_BYTES, SIGNATURE_BYTES);
  }

  QeCertification certification() {
    return certification;
  }

  /** Bytes behind the signature data: buffers are often longer than what they hold. */
  int trailingBytes() {
    return trailingBytes;
  }
}
