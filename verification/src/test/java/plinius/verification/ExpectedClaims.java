package plinius.verification;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import plinius.attestation.TeeKind;
import plinius.seal.jose.Json;
import plinius.verification.evidence.Claims;

/**
 * The words of evidence manifests for claims, and policies that accept a given piece of evidence.
 */
final class ExpectedClaims {
  // What the manifests call a claim, where it is not just the claim's name without hyphens.
  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("attr", "attributes"),
          Map.entry("pceid", "pce-id"),
          Map.entry("td_attr", "td-attributes"),
          Map.entry("td_debug", "debug"),
          Map.entry("debugAllowed", "debug"),
          Map.entry("policy", "guest-policy"),
          Map.entry("cpuidFamModStep", "cpuid"));

  private static final long MIGRATION_AGENT_ALLOWED = 1L << 18;
  private static final int MIGRATABLE_BIT = 29;
  private static final int PROVISION_KEY_BIT = 4;

  private ExpectedClaims() {}

  /** What is expected and not claimed so; empty if all is. */
  static List<String> differences(Map<String, Object> expect, Claims claims) {
    Map<String, Object> byPlainName = new HashMap<>();
    claims.values().forEach((name, value) -> byPlainName.put(plain(name), value));
    List<String> differences = new ArrayList<>();
    expect.forEach(
        (name, want) -> {
          Object got = byPlainName.get(plain(NAMES.getOrDefault(name, name)));
          switch (name) {
            case "tcb" -> differences.addAll(tcb(Json.asObject(want, "tcb"), claims));
            case "pcrs" -> differences.addAll(pcrs(Json.asObject(want, "pcrs"), claims));
            case "pcrCount" ->
                compare(
                    differences,
                    name,
                    claims.values().keySet().stream()
                        .filter(each -> each.matches("pcr\\d+"))
                        .count(),
                    want);
            case "reportedTcb" -> compareTcb(differences, claims, Json.asObject(want, name));
            case "signingKey" -> compare(differences, name, "VLEK".equals(got) ? 1L : 0L, want);
            case "timestamp" ->
                compare(
                    differences,
                    name,
                    java.time.Instant.parse(String.valueOf(got)),
                    java.time.OffsetDateTime.parse((String) want).toInstant());
            case "claims" -> {}
            default -> {
              if (want == Json.Null.NULL) {
                // Nitro enclaves write what is absent as null or as no bytes.
                compare(differences, name, got == null ? "" : got, "");
              } else if (got != null) {
                compare(differences, name, String.valueOf(got), text(want));
              }
            }
          }
        });
    return differences;
  }

  /** A policy that accepts everything about this evidence but another nonce. */
  static AppraisalPolicy permissivePolicy(Verification verification) {
    Claims claims = ((Verification.Genuine) verification).claims();
    return new AppraisalPolicy(Map.of(claims.kind(), List.of()));
  }

  /** A policy of one section that names the code of this evidence. */
  static String policyNaming(Claims claims) {
    String section = PolicyFile.sectionName(claims.kind());
    String identity =
        switch (claims.kind()) {
          case SGX -> "mrenclave";
          case TDX, AZURE_TDX -> "mrtd";
          case NITRO -> "pcr0";
          case SNP, AZURE_SNP, SIMULATION -> "measurement";
        };
    return "[" + section + "]\n" + identity + " = " + claims.value(identity).orElseThrow() + "\n";
  }

  /** The claims of which at least one refuses the evidence unless its owner allows it by name. */
  static Set<String> refusedByDefault(Map<String, Object> expect, TeeKind kind) {
    Set<String> refused = new TreeSet<>();
    boolean intel = Set.of(TeeKind.SGX, TeeKind.TDX, TeeKind.AZURE_TDX).contains(kind);
    boolean judged = expect.get("tcb") instanceof Map<?, ?>;
    Object status = judged ? Json.object(expect, "tcb").get("status") : "Unknown";
    if (intel && !Set.of("UpToDate", "SWHardeningNeeded").contains(status)) {
      refused.add("tcb-status");
    }
    boolean bare =
        expect.get("pcrs") instanceof Map<?, ?> pcrs
            && !pcrs.containsKey("0")
            && !pcrs.containsKey("1")
            && !pcrs.containsKey("2");
    for (String name : List.of("debug", "td_debug", "debugAllowed")) {
      if (Boolean.TRUE.equals(expect.get(name)) || bare) {
        refused.add("debug");
      }
    }
    if (expect.get("vmpl") instanceof Long vmpl && vmpl != 0) {
      refused.add("vmpl");
    }
    if (expect.get("policy") instanceof String policy
        && (Long.decode(policy) & MIGRATION_AGENT_ALLOWED) != 0) {
      refused.add("migratable");
    }
    if (expect.get("td_attr") instanceof String bits && hasBit(bits, MIGRATABLE_BIT)) {
      refused.add("migratable");
    }
    if (expect.get("attr") instanceof String bits && hasBit(bits, PROVISION_KEY_BIT)) {
      refused.add("provision-key");
    }
    return refused;
  }

  // Attributes are written as their bytes, the least significant first.
  private static boolean hasBit(String hex, int bit) {
    return (HexFormat.of().parseHex(hex)[bit / 8] >> (bit % 8) & 1) != 0;
  }

  private static List<String> tcb(Map<String, Object> want, Claims claims) {
    Map<String, String> names =
        Map.of(
            "platform", "tcb-platform-status",
            "tdxModule", "tcb-module-status",
            "qe", "tcb-qe-status",
            "status", "tcb-status",
            "currentStatus", "tcb-current-status",
            "tcbDate", "tcb-date",
            // The manifests list those of the platform's level, not of the module's and the QE's.
            "advisoryIDs", "platform-advisories");
    List<String> differences = new ArrayList<>();
    want.forEach(
        (name, value) -> {
          Object got = claims.value(names.getOrDefault(name, name)).orElse("missing");
          Object wanted = value instanceof List<?> list ? sorted(list) : value;
          compare(differences, "tcb." + name, got, wanted);
        });
    return differences;
  }

  private static List<String> pcrs(Map<String, Object> want, Claims claims) {
    List<String> differences = new ArrayList<>();
    want.forEach(
        (index, value) ->
            compare(differences, "pcr" + index, claims.value("pcr" + index).orElse(""), value));
    return differences;
  }

  private static void compareTcb(
      List<String> differences, Claims claims, Map<String, Object> want) {
    Map<String, Integer> got =
        Rule.TcbAtLeast.parts((String) claims.value("reported-tcb").orElse(""));
    want.forEach(
        (part, svn) -> {
          if (svn instanceof Long) {
            compare(differences, "reportedTcb." + part, (long) got.getOrDefault(part, -1), svn);
          }
        });
  }

  private static List<String> sorted(List<?> list) {
    TreeSet<String> sorted = new TreeSet<>();
    list.forEach(each -> sorted.add((String) each));
    return List.copyOf(sorted);
  }

  private static void compare(List<String> differences, String name, Object got, Object want) {
    if (!got.equals(want)) {
      differences.add(name + " is " + got + ", want " + want);
    }
  }

  private static String text(Object value) {
    return value instanceof List<?> list
        ? list.stream().map(String::valueOf).toList().toString()
        : String.valueOf(value);
  }

  private static String plain(String name) {
    return name.replaceAll("[-_.]", "").toLowerCase(Locale.ROOT);
  }
}
