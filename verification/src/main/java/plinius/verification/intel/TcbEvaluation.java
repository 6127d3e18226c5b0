package plinius.verification.intel;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import plinius.verification.evidence.Refuted;

/**
 * How current platform, TDX module and quoting enclave are together (Intel SGX and TDX DCAP quote
 * verification library, checkTcbLevel). Collateral and reports are verified already.
 */
final class TcbEvaluation {
  private final TcbInfo tcbInfo;
  private final PckCertificate pck;
  private final TcbLevel qe;

  TcbEvaluation(TcbInfo tcbInfo, PckCertificate pck, TcbLevel qe) {
    this.tcbInfo = tcbInfo;
    this.pck = pck;
    this.qe = qe;
  }

  /** The claims of an SGX platform. */
  Map<String, Object> sgx() throws Refuted {
    TcbLevel platform = tcbInfo.platformLevel(pck, new byte[PckCertificate.COMPONENTS]);
    return claims(platform, Optional.empty(), Optional.empty());
  }

  /** The claims of a TDX platform: as launched, and as it runs now where the report says so. */
  Map<String, Object> tdx(TdReport report, boolean isTd15) throws Refuted {
    byte[] launch = report.launchSvn();
    Optional<TcbStatus> current = Optional.empty();
    if (isTd15) {
      byte[] now = report.currentSvn();
      current = Optional.of(together(tcbInfo.platformLevel(pck, now), module(now)));
    }
    return claims(tcbInfo.platformLevel(pck, launch), module(launch), current);
  }

  private Optional<TcbLevel> module(byte[] svn) throws Refuted {
    return TcbInfo.moduleVersion(svn) > 0
        ? Optional.of(tcbInfo.moduleLevel(svn))
        : Optional.empty();
  }

  private TcbStatus together(TcbLevel platform, Optional<TcbLevel> module) {
    TcbStatus withModule =
        module.map(each -> platform.status().with(each.status())).orElse(platform.status());
    return withModule.with(qe.status());
  }

  private Map<String, Object> claims(
      TcbLevel platform, Optional<TcbLevel> module, Optional<TcbStatus> current) {
    TcbStatus launched = together(platform, module);
    TcbStatus status = current.map(launched::withCurrent).orElse(launched);
    List<TcbLevel> parts = new ArrayList<>(List.of(platform, qe));
    module.ifPresent(parts::add);

    Map<String, Object> claims = new LinkedHashMap<>();
    claims.put("tcb-status", status.word());
    claims.put("tcb-platform-status", platform.status().word());
    module.ifPresent(level -> claims.put("tcb-module-status", level.status().word()));
    claims.put("tcb-qe-status", qe.status().word());
    current.ifPresent(now -> claims.put("tcb-current-status", now.word()));
    if (status != TcbStatus.NOT_SUPPORTED) {
      Instant date = parts.stream().map(TcbLevel::date).min(Instant::compareTo).orElseThrow();
      claims.put("tcb-date", date.toString());
      TreeSet<String> advisories = new TreeSet<>();
      parts.forEach(level -> advisories.addAll(level.advisories()));
      claims.put("advisories", List.copyOf(advisories));
      claims.put("platform-advisories", List.copyOf(new TreeSet<>(platform.advisories())));
    }
    return claims;
  }

  /** What is claimed where there is no collateral. */
  static Map<String, Object> unknown() {
    return Map.of("tcb-status", TcbStatus.UNKNOWN.word());
  }
}
