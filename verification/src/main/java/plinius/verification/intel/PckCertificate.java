package plinius.verification.intel;

import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import plinius.verification.evidence.Certificates;
import plinius.verification.evidence.Der;
import plinius.verification.evidence.Refuted;

/**
 * The provisioning certification key's certificate and what Intel says in it about the platform
 * (Intel SGX PCK Certificate and CRL Specification, 1.2.840.113741.1.13.1).
 */
final class PckCertificate {
  static final int COMPONENTS = 16;
  private static final String EXTENSION = "1.2.840.113741.1.13.1";
  // 1.2.840.113741.1.13.1, to which a last arc is added.
  private static final String ARC = "2a864886f84d010d01";
  private static final String TCB = ARC + "02";
  private static final int PCE_SVN_ARC = 17;
  private static final String PCE_ID = ARC + "03";
  private static final String FMSPC = ARC + "04";
  private static final String SUBJECT = "SGX PCK Certificate";

  private final X509Certificate certificate;
  private final int[] components;
  private final int pceSvn;
  private final String pceId;
  private final String fmspc;

  PckCertificate(X509Certificate certificate) throws Refuted {
    this.certificate = certificate;
    if (!Certificates.name(certificate).contains(SUBJECT)) {
      throw new Refuted(
          "PCK certificate", "that of " + Certificates.name(certificate), "an Intel " + SUBJECT);
    }
    byte[] extension = certificate.getExtensionValue(EXTENSION);
    if (extension == null) {
      throw new Refuted("PCK certificate", "without the extension " + EXTENSION, "one with it");
    }
    Map<String, Der> members =
        members(Der.parse("PCK extension", Der.unwrapped("PCK extension", extension)));
    Map<String, Der> tcb = members(member(members, TCB));
    this.components = new int[COMPONENTS];
    for (int i = 0; i < COMPONENTS; i++) {
      components[i] = member(tcb, TCB + HexFormat.of().toHexDigits((byte) (i + 1))).number();
    }
    this.pceSvn = member(tcb, TCB + HexFormat.of().toHexDigits((byte) PCE_SVN_ARC)).number();
    this.pceId = hex(member(members, PCE_ID));
    this.fmspc = hex(member(members, FMSPC));
  }

  X509Certificate certificate() {
    return certificate;
  }

  /** Security version of a component of the platform, 0 to 15. */
  int component(int index) {
    return components[index];
  }

  int pceSvn() {
    return pceSvn;
  }

  /** Lower-case hexadecimal. */
  String pceId() {
    return pceId;
  }

  /** Family, model, stepping, platform and custom SKU, in lower-case hexadecimal. */
  String fmspc() {
    return fmspc;
  }

  private static Map<String, Der> members(Der sequence) throws Refuted {
    Map<String, Der> members = new HashMap<>();
    for (Der each : sequence.elements()) {
      List<Der> pair = each.elements();
      if (pair.size() != 2 || members.put(pair.get(0).oid(), pair.get(1)) != null) {
        throw new Refuted("PCK extension", "malformed", "pairs of identifier and value, each once");
      }
    }
    return members;
  }

  private static Der member(Map<String, Der> members, String oid) throws Refuted {
    Der value = members.get(oid);
    if (value == null) {
      throw new Refuted("PCK extension", "without " + oid, "Intel's members");
    }
    return value;
  }

  private static String hex(Der value) throws Refuted {
    return HexFormat.of().formatHex(value.as(Der.OCTET_STRING).content());
  }
}
