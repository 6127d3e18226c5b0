package plinius.verification.intel;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import plinius.seal.SealException;
import plinius.seal.jose.Json;
import plinius.verification.evidence.Members;
import plinius.verification.evidence.Refuted;

/**
 * What Intel says of platforms, modules or quoting enclaves from certain security versions on.
 *
 * @param status how current they are
 * @param date of the newest recovery that they have
 * @param advisories security advisories that apply
 */
record TcbLevel(TcbStatus status, Instant date, List<String> advisories) {
  TcbLevel {
    advisories = List.copyOf(advisories);
  }

  /** No level of the collateral matches. */
  static TcbLevel notSupported() {
    return new TcbLevel(TcbStatus.NOT_SUPPORTED, Instant.MAX, List.of());
  }

  /** Of a member of {@code tcbLevels}. */
  static TcbLevel parse(Map<String, Object> level) throws Refuted {
    try {
      return new TcbLevel(
          TcbStatus.ofWord(Json.string(level, "tcbStatus")),
          Instant.parse(Json.string(level, "tcbDate")),
          advisories(level));
    } catch (DateTimeException e) {
      throw new Refuted("tcbDate", "no instant", "one as in RFC 3339");
    }
  }

  private static List<String> advisories(Map<String, Object> level) {
    return level.containsKey("advisoryIDs")
        ? Members.list(level, "advisoryIDs").stream().map(TcbLevel::text).toList()
        : List.of();
  }

  private static String text(Object value) {
    if (value instanceof String text) {
      return text;
    }
    throw new SealException.Malformed("bad JSON: an advisory is not a string");
  }

  /**
   * The first level that asks for at most this security version, as for QE and TDX module.
   *
   * @param owner the object with {@code tcbLevels}
   */
  static TcbLevel ofIsvSvn(Map<String, Object> owner, int isvsvn) throws Refuted {
    for (Object each : Members.list(owner, "tcbLevels")) {
      Map<String, Object> level = Json.asObject(each, "a TCB level");
      if (isvsvn >= Members.number(Json.object(level, "tcb"), "isvsvn")) {
        return parse(level);
      }
    }
    return notSupported();
  }
}
