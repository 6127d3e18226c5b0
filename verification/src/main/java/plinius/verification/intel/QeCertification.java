package plinius.verification.intel;

import plinius.verification.evidence.ByteView;
import plinius.verification.evidence.Refuted;

/**
 * What the quoting enclave says about the attestation key, and who vouches for the quoting enclave:
 * its report 384, the PCK's signature of it 64, u16 and authentication data, u16 type, u32 and
 * certification data.
 */
final class QeCertification {
  /** Certification data is a PCK chain in PEM, leaf first. */
  static final int TYPE_PCK_CHAIN = 5;

  /** Certification data is the PCK leaf in PEM. */
  static final int TYPE_PCK_LEAF = 4;

  private final SgxReport report;
  private final byte[] signature;
  private final byte[] authenticationData;
  private final int type;
  private final byte[] data;

  private QeCertification(
      SgxReport report, byte[] signature, byte[] authenticationData, int type, byte[] data) {
    this.report = report;
    this.signature = signature;
    this.authenticationData = authenticationData;
    this.type = type;
    this.data = data;
  }

  static QeCertification parse(ByteView view) throws Refuted {
    int at = Quote.REPORT_BYTES;
    byte[] signature = view.bytes(at, Quote.SIGNATURE_BYTES);
    at += Quote.SIGNATURE_BYTES;
    int authenticationBytes = view.u16(at);
    byte[] authenticationData = view.bytes(at + 2L, authenticationBytes);
    at += 2 + authenticationBytes;
    int type = view.u16(at);
    byte[] data = view.bytes(at + 6L, view.u32(at + 2));
    SgxReport report = new SgxReport(view.part("QE report", 0, Quote.REPORT_BYTES));
    return new QeCertification(report, signature, authenticationData, type, data);
  }

  SgxReport report() {
    return report;
  }

  byte[] signature() {
    return signature.clone();
  }

  byte[] authenticationData() {
    return authenticationData.clone();
  }

  int type() {
    return type;
  }

  byte[] data() {
    return data.clone();
  }
}
