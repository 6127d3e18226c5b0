package plinius.verification.intel;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import plinius.attestation.TeeKind;
import plinius.seal.jose.Json;
import plinius.verification.evidence.Findings;
import plinius.verification.evidence.Members;
import plinius.verification.evidence.Refuted;

/** Intel's identity of its quoting enclaves (PCS API version 4, enclave identity version 2). */
final class QeIdentity {
  private static final int VERSION = 2;

  private final SignedJson json;

  QeIdentity(String text) throws Refuted {
    this.json = SignedJson.parse("QE identity", "enclaveIdentity", text);
  }

  SignedJson json() {
    return json;
  }

  /** Whether it is that of the quoting enclave for this kind. */
  boolean isFor(TeeKind kind) {
    return Json.string(json.object(), "id").equals(kind == TeeKind.TDX ? "TD_QE" : "QE");
  }

  /** Refutes a report that is not this enclave's. */
  void requireMatch(SgxReport report, Findings findings) throws Refuted {
    Map<String, Object> identity = json.object();
    long version = Members.number(identity, "version");
    findings.require(
        version == VERSION, "QE identity version", Long.toString(version), "" + VERSION);
    byte[] miscselect = new byte[4];
    for (int i = 0; i < miscselect.length; i++) {
      miscselect[i] = (byte) (report.miscselect() >> (8 * i));
    }
    // Intel writes MISCSELECT as the number, most significant byte first.
    requireMasked("QE miscselect", reversed(miscselect), "miscselect", findings);
    requireMasked("QE attributes", report.attributes(), "attributes", findings);
    String mrsigner = Json.string(identity, "mrsigner").toLowerCase(Locale.ROOT);
    findings.require(
        report.mrsigner().equals(mrsigner), "QE mrsigner", report.mrsigner(), mrsigner);
    long isvprodid = Members.number(identity, "isvprodid");
    findings.require(
        report.isvprodid() == isvprodid,
        "QE isvprodid",
        Integer.toString(report.isvprodid()),
        Long.toString(isvprodid));
  }

  /** How current this security version of the enclave is. */
  TcbLevel level(SgxReport report) throws Refuted {
    return TcbLevel.ofIsvSvn(json.object(), report.isvsvn());
  }

  private void requireMasked(String what, byte[] value, String name, Findings findings)
      throws Refuted {
    byte[] want = hex(name, value.length);
    findings.require(
        Arrays.equals(masked(value, hex(name + "Mask", value.length)), want),
        what,
        HexFormat.of().formatHex(value),
        HexFormat.of().formatHex(want) + " under its mask");
  }

  private byte[] hex(String name, int bytes) throws Refuted {
    return hex(json.object(), name, bytes);
  }

  static byte[] hex(Map<String, Object> object, String name, int bytes) throws Refuted {
    try {
      byte[] value = HexFormat.of().parseHex(Json.string(object, name));
      if (value.length == bytes) {
        return value;
      }
    } catch (IllegalArgumentException e) {
      // Refused below, like a wrong length.
    }
    throw new Refuted(name, "not " + bytes + " bytes in hexadecimal", "as Intel writes it");
  }

  static byte[] masked(byte[] value, byte[] mask) {
    byte[] masked = value.clone();
    for (int i = 0; i < masked.length; i++) {
      masked[i] &= mask[i];
    }
    return masked;
  }

  private static byte[] reversed(byte[] bytes) {
    byte[] reversed = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      reversed[i] = bytes[bytes.length - 1 - i];
    }
    return reversed;
  }
}
