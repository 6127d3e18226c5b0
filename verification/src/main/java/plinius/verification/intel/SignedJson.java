package plinius.verification.intel;

import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import plinius.seal.SealException;
import plinius.seal.jose.Json;
import plinius.verification.evidence.Certificates;
import plinius.verification.evidence.Chains;
import plinius.verification.evidence.Endorsements;
import plinius.verification.evidence.Findings;
import plinius.verification.evidence.Members;
import plinius.verification.evidence.Refuted;
import plinius.verification.evidence.Signatures;

/**
 * An answer of Intel's provisioning certification service: {@code {"name":{...},"signature":hex}},
 * the signature over the exact bytes of the object, which are cut from the text as they stand.
 */
final class SignedJson {
  private static final String SIGNER = "Intel SGX TCB Signing";

  private final String what;
  private final byte[] signed;
  private final byte[] signature;
  private final Map<String, Object> object;

  private SignedJson(String what, byte[] signed, byte[] signature, Map<String, Object> object) {
    this.what = what;
    this.signed = signed;
    this.signature = signature;
    this.object = object;
  }

  /**
   * Reads the text; the signature is not looked at yet.
   *
   * @param what its name in messages
   * @param member name of the signed member
   */
  static SignedJson parse(String what, String member, String text) throws Refuted {
    try {
      Map<String, Object> all = Json.parseObject(text);
      return new SignedJson(
          what,
          objectText(text, member).getBytes(StandardCharsets.UTF_8),
          HexFormat.of().parseHex(Json.string(all, "signature")),
          Json.object(all, member));
    } catch (SealException | IllegalArgumentException e) {
      throw new Refuted(what, "not readable (" + e.getMessage() + ")", "an answer of Intel's PCS");
    }
  }

  /** The members of the signed object. */
  Map<String, Object> object() {
    return object;
  }

  Instant issueDate() throws Refuted {
    return instant("issueDate");
  }

  Instant nextUpdate() throws Refuted {
    return instant("nextUpdate");
  }

  /** Number of Intel's evaluation of all platforms that it comes from. */
  long evaluationDataNumber() {
    return Members.number(object, "tcbEvaluationDataNumber");
  }

  /** Refutes it unless it is signed by Intel, and valid at this instant. */
  void verify(Endorsements endorsements, Chains chains, Instant at, Findings findings)
      throws Refuted {
    List<X509Certificate> signers =
        endorsements.certificates().stream()
            .filter(each -> Certificates.name(each).equals(SIGNER))
            .filter(
                each ->
                    Signatures.verifies(Signatures.ES256, each.getPublicKey(), signed, signature))
            .toList();
    findings.require(
        !signers.isEmpty(),
        what + " signature",
        "not that of a certificate that is here",
        "that of " + SIGNER);
    X509Certificate signer =
        signers.stream().filter(each -> isValid(each, at)).findFirst().orElse(signers.getFirst());
    chains.validate(what + " signing chain", signer, Chains.Revocation.REQUIRED);
    findings.passed(what + " signing chain");
    findings.require(
        !at.isBefore(issueDate()) && !at.isAfter(nextUpdate()),
        what,
        "valid from " + issueDate() + " to " + nextUpdate(),
        "valid at " + at + ": fetch it again");
  }

  private Instant instant(String name) throws Refuted {
    try {
      return Instant.parse(Json.string(object, name));
    } catch (SealException | DateTimeException e) {
      throw new Refuted(what + "." + name, "no instant", "one as in RFC 3339");
    }
  }

  private static boolean isValid(X509Certificate certificate, Instant at) {
    return !at.isBefore(certificate.getNotBefore().toInstant())
        && !at.isAfter(certificate.getNotAfter().toInstant());
  }

  // The text is JSON already checked: outside of strings, only braces and brackets nest.
  private static String objectText(String text, String member) {
    int depth = 0;
    int start = -1;
    for (int at = 0; at < text.length(); at++) {
      char each = text.charAt(at);
      if (each == '"') {
        int end = stringEnd(text, at);
        boolean named = depth == 1 && text.substring(at + 1, end).equals(member);
        int next = end + 1;
        while (Character.isWhitespace(text.charAt(next))) {
          next++;
        }
        if (named && text.charAt(next) == ':') {
          start = text.indexOf('{', next);
        }
        at = end;
      } else if (each == '{' || each == '[') {
        depth++;
      } else if (each == '}' || each == ']') {
        depth--;
        if (depth == 1 && start >= 0) {
          return text.substring(start, at + 1);
        }
      }
    }
    throw new IllegalArgumentException("without the object " + member);
  }

  private static int stringEnd(String text, int start) {
    int at = start + 1;
    while (text.charAt(at) != '"') {
      at += text.charAt(at) == '\\' ? 2 : 1;
    }
    return at;
  }
}
