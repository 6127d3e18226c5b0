package plinius.verification.intel;

import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import plinius.attestation.TeeKind;
import plinius.seal.SealException;
import plinius.seal.jose.Json;
import plinius.verification.evidence.Members;
import plinius.verification.evidence.Refuted;

/**
 * Intel's TCB info (PCS API version 4, TCB info versions 2 and 3): which security versions of a
 * platform model are how current.
 */
final class TcbInfo {
  private static final int VERSION_SGX_ONLY = 2;
  private static final int VERSION = 3;

  private final SignedJson json;

  TcbInfo(String text) throws Refuted {
    this.json = SignedJson.parse("TCB info", "tcbInfo", text);
  }

  SignedJson json() {
    return json;
  }

  /** The kind of platform that it is about. */
  TeeKind kind() throws Refuted {
    long version = Members.number(json.object(), "version");
    if (version == VERSION_SGX_ONLY) {
      return TeeKind.SGX;
    }
    if (version != VERSION) {
      throw new Refuted("TCB info version", Long.toString(version), "2 or 3");
    }
    String id = Json.string(json.object(), "id");
    return switch (id) {
      case "SGX" -> TeeKind.SGX;
      case "TDX" -> TeeKind.TDX;
      default -> throw new Refuted("TCB info id", id, "SGX or TDX");
    };
  }

  String fmspc() {
    return Json.string(json.object(), "fmspc").toLowerCase(Locale.ROOT);
  }

  String pceId() {
    return Json.string(json.object(), "pceId").toLowerCase(Locale.ROOT);
  }

  /**
   * The first level that this platform reaches. The components come from the PCK certificate, not
   * from the quote: Intel signed them.
   *
   * @param tdxSvn the TDX module's 16 components; ignored for SGX
   */
  TcbLevel platformLevel(PckCertificate pck, byte[] tdxSvn) throws Refuted {
    boolean tdx = kind() == TeeKind.TDX;
    for (Object each : Members.list(json.object(), "tcbLevels")) {
      Map<String, Object> level = Json.asObject(each, "a TCB level");
      Map<String, Object> tcb = Json.object(level, "tcb");
      if (reachesPlatform(pck, tcb) && (!tdx || reachesModule(tdxSvn, tcb))) {
        return TcbLevel.parse(level);
      }
    }
    return TcbLevel.notSupported();
  }

  private static boolean reachesPlatform(PckCertificate pck, Map<String, Object> tcb) {
    for (int i = 0; i < PckCertificate.COMPONENTS; i++) {
      if (pck.component(i) < platformComponent(tcb, i)) {
        return false;
      }
    }
    return pck.pceSvn() >= Members.number(tcb, "pcesvn");
  }

  private static long platformComponent(Map<String, Object> tcb, int index) {
    return tcb.containsKey("sgxtcbcomponents")
        ? svn(tcb, "sgxtcbcomponents", index)
        : Members.number(tcb, String.format(Locale.ROOT, "sgxtcbcomp%02dsvn", index + 1));
  }

  // From module version 1 on, the first two components are the module's own and judged apart.
  private static boolean reachesModule(byte[] tdxSvn, Map<String, Object> tcb) {
    for (int i = moduleVersion(tdxSvn) > 0 ? 2 : 0; i < PckCertificate.COMPONENTS; i++) {
      if ((tdxSvn[i] & 0xff) < svn(tcb, "tdxtcbcomponents", i)) {
        return false;
      }
    }
    return true;
  }

  private static long svn(Map<String, Object> tcb, String components, int index) {
    List<Object> list = Members.list(tcb, components);
    if (list.size() != PckCertificate.COMPONENTS) {
      throw new SealException.Malformed("bad JSON: " + components + " are not 16");
    }
    return Members.number(Json.asObject(list.get(index), "a component"), "svn");
  }

  /** The TDX module's identity for this version of it: {@code mrsigner}, {@code attributes}. */
  Map<String, Object> moduleIdentity(byte[] tdxSvn) throws Refuted {
    int version = moduleVersion(tdxSvn);
    if (version == 0) {
      return Json.object(json.object(), "tdxModule");
    }
    String id = "TDX_" + HexFormat.of().toHexDigits((byte) version);
    for (Object each : Members.list(json.object(), "tdxModuleIdentities")) {
      Map<String, Object> identity = Json.asObject(each, "a module identity");
      if (Json.string(identity, "id")
          .toUpperCase(Locale.ROOT)
          .equals(id.toUpperCase(Locale.ROOT))) {
        return identity;
      }
    }
    throw new Refuted("TDX module", id, "one that the TCB info knows");
  }

  /** The level of the module itself; version 0 has none of its own. */
  TcbLevel moduleLevel(byte[] tdxSvn) throws Refuted {
    return TcbLevel.ofIsvSvn(moduleIdentity(tdxSvn), tdxSvn[0] & 0xff);
  }

  static int moduleVersion(byte[] tdxSvn) {
    return tdxSvn[1] & 0xff;
  }
}
