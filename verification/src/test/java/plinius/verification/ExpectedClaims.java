package plinius.verification;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
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
