package plinius.verification.intel;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;
import plinius.seal.SealException;
import plinius.verification.evidence.Certificates;
import plinius.verification.evidence.Chains;
import plinius.verification.evidence.Claims;
import plinius.verification.evidence.Endorsements;
import plinius.verification.evidence.Findings;
import plinius.verification.evidence.Refuted;
import plinius.verification.evidence.Signatures;

/**
 * Verifies SGX quotes of version 3 and TDX quotes of versions 4 and 5 in the steps of Intel's quote
 * verification library.
 *
 * <p>Signatures and the PCK chain are verified always. Where the endorsements hold a TCB info, all
 * of Intel's collateral is required and valid at the instant; where they hold none, the claim
 * {@code tcb-status} is {@code Unknown}, which no policy accepts unless it says so.
 */
public final class IntelVerifier {
  private static final int DIGEST_BYTES = 32;
  private static final String PCK_CHAIN = "PCK chain";

  private final List<X509Certificate> roots;

  public IntelVerifier(List<X509Certificate> roots) {
    this.roots = List.copyOf(roots);
  }

  /** Verifies a quote at an instant; the checks that hold go to {@code findings}. */
  public Claims verify(byte[] bytes, Endorsements endorsements, Instant at, Findings findings)
      throws Refuted {
    Quote quote = Quote.parse(bytes);
    findings.passed("quote layout");
    try {
      return new Run(quote, roots, endorsements, at, findings).claims();
    } catch (SealException e) {
      throw new Refuted("collateral", "not readable: " + e.getMessage(), "as Intel writes it");
    }
  }

  /** One verification. */
  private static final class Run {
    private final Quote quote;
    private final QeCertification qe;
    private final Endorsements endorsements;
    private final Chains chains;
    private final Instant at;
    private final Findings findings;
    private final PckCertificate pck;

    Run(
        Quote quote,
        List<X509Certificate> roots,
        Endorsements beside,
        Instant at,
        Findings findings)
        throws Refuted {
      this.quote = quote;
      this.qe = quote.certification();
      this.at = at;
      this.findings = findings;
      List<X509Certificate> inside =
          qe.type() == QeCertification.TYPE_PCK_CHAIN || qe.type() == QeCertification.TYPE_PCK_LEAF
              ? Certificates.ofPem("certification data", qe.data())
              : List.of();
      this.endorsements = beside.with(inside);
      this.chains = new Chains(roots, endorsements, at);
      verifySignature();
      this.pck = new PckCertificate(leaf(inside));
      findings.passed("PCK certificate");
      verifyQeReport();
    }

    Claims claims() throws Refuted {
      boolean judged = !endorsements.tcbInfos().isEmpty();
      chains.validate(
          PCK_CHAIN,
          pck.certificate(),
          judged ? Chains.Revocation.REQUIRED : Chains.Revocation.WHERE_LISTED);
      findings.passed(PCK_CHAIN);
      boolean sgx = quote.kind() == TeeKind.SGX;
      SgxReport enclave = new SgxReport(quote.body());
      TdReport domain = new TdReport(quote.body());
      Map<String, Object> values = new LinkedHashMap<>(sgx ? enclave.claims() : domain.claims());
      values.putAll(judged ? judge(sgx, domain) : TcbEvaluation.unknown());
      values.put("fmspc", pck.fmspc());
      values.put("pce-id", pck.pceId());
      values.put("pck-issuer", Certificates.issuerName(pck.certificate()));
      values.put("pce-svn", (long) pck.pceSvn());
      values.put("pck-tcb-components", components());
      values.put("quote-version", (long) quote.version());
      byte[] reportData = sgx ? enclave.reportData() : domain.reportData();
      return new Claims(
          quote.kind(),
          (String) values.get(sgx ? "mrenclave" : "mrtd"),
          Optional.of(ReportData.of(reportData)),
          Certificates.issuerName(pck.certificate()) + ", FMSPC " + pck.fmspc(),
          values);
    }

    private void verifySignature() throws Refuted {
      findings.require(
          Signatures.verifies(
              Signatures.ES256,
              Signatures.p256("attestation key", quote.attestationKey()),
              quote.signed(),
              quote.signature()),
          "quote signature",
          "not that of the attestation key",
          "a valid one (ES256)");
      byte[] bound = Signatures.sha256(quote.attestationKey(), qe.authenticationData());
      findings.requireEqual(
          qe.report().reportData(),
          Arrays.copyOf(bound, 2 * DIGEST_BYTES),
          "attestation key binding",
          "SHA-256 of attestation key and authentication data");
    }

    // A quote with the platform's id only needs its certificate from elsewhere: the one that
    // signed.
    private X509Certificate leaf(List<X509Certificate> inside) throws Refuted {
      if (!inside.isEmpty()) {
        return inside.getFirst();
      }
      byte[] report = qe.report().all();
      return endorsements.certificates().stream()
          .filter(
              each ->
                  Signatures.verifies(
                      Signatures.ES256, each.getPublicKey(), report, qe.signature()))
          .findFirst()
          .orElseThrow(
              () ->
                  new Refuted(
                      "PCK certificate",
                      "not in the quote (certification data type " + qe.type() + ")",
                      "one among the endorsements that signed the QE report"));
    }

    private void verifyQeReport() throws Refuted {
      findings.require(
          Signatures.verifies(
              Signatures.ES256,
              pck.certificate().getPublicKey(),
              qe.report().all(),
              qe.signature()),
          "QE report signature",
          "not that of the PCK",
          "a valid one (ES256)");
    }

    private Map<String, Object> judge(boolean sgx, TdReport domain) throws Refuted {
      TcbInfo tcbInfo = tcbInfo();
      QeIdentity identity = qeIdentity();
      tcbInfo.json().verify(endorsements, chains, at, findings);
      identity.json().verify(endorsements, chains, at, findings);
      findings.require(
          tcbInfo.fmspc().equals(pck.fmspc()), "TCB info fmspc", tcbInfo.fmspc(), pck.fmspc());
      findings.require(
          tcbInfo.pceId().equals(pck.pceId()), "TCB info pceId", tcbInfo.pceId(), pck.pceId());
      identity.requireMatch(qe.report(), findings);
      if (!sgx) {
        requireModule(tcbInfo, domain, domain.launchSvn());
      }
      TcbEvaluation evaluation = new TcbEvaluation(tcbInfo, pck, identity.level(qe.report()));
      Map<String, Object> claims =
          new LinkedHashMap<>(sgx ? evaluation.sgx() : evaluation.tdx(domain, quote.isTd15()));
      // The older of the two: else an old QE identity would pass for the newer evaluation.
      claims.put(
          "tcb-evaluation-number",
          Math.min(tcbInfo.json().evaluationDataNumber(), identity.json().evaluationDataNumber()));
      claims.put("collateral-issued", earlier(tcbInfo.json(), identity.json()).toString());
      return claims;
    }

    private TcbInfo tcbInfo() throws Refuted {
      Optional<TcbInfo> best = Optional.empty();
      for (String text : endorsements.tcbInfos()) {
        TcbInfo each = new TcbInfo(text);
        if (each.kind() == quote.kind() && (best.isEmpty() || rank(each) > rank(best.get()))) {
          best = Optional.of(each);
        }
      }
      return best.orElseThrow(
          () ->
              new Refuted("TCB info", "missing for " + quote.kind(), "Intel's for this platform"));
    }

    // Of several: the one for this platform, and of those the one that is valid at the instant.
    private int rank(TcbInfo tcbInfo) throws Refuted {
      boolean valid =
          !at.isBefore(tcbInfo.json().issueDate()) && !at.isAfter(tcbInfo.json().nextUpdate());
      return (tcbInfo.fmspc().equals(pck.fmspc()) ? 2 : 0) + (valid ? 1 : 0);
    }

    // Of several: the first that is valid at the instant, or the first.
    private QeIdentity qeIdentity() throws Refuted {
      Optional<QeIdentity> first = Optional.empty();
      for (String text : endorsements.qeIdentities()) {
        QeIdentity each = new QeIdentity(text);
        if (each.isFor(quote.kind())) {
          if (!at.isBefore(each.json().issueDate()) && !at.isAfter(each.json().nextUpdate())) {
            return each;
          }
          first = first.isEmpty() ? Optional.of(each) : first;
        }
      }
      return first.orElseThrow(
          () -> new Refuted("QE identity", "missing for " + quote.kind(), "Intel's"));
    }

    private void requireModule(TcbInfo tcbInfo, TdReport domain, byte[] svn) throws Refuted {
      Map<String, Object> module = tcbInfo.moduleIdentity(svn);
      findings.requireEqual(
          domain.mrsignerSeam(),
          QeIdentity.hex(module, "mrsigner", 48),
          "TDX module signer",
          "by the TCB info");
      byte[] attributes = domain.seamAttributes();
      findings.requireEqual(
          QeIdentity.masked(attributes, QeIdentity.hex(module, "attributesMask", 8)),
          QeIdentity.hex(module, "attributes", 8),
          "TDX module attributes",
          "by the TCB info, under its mask");
      findings.requireEqual(attributes, new byte[8], "SEAMATTRIBUTES", "none is defined");
    }

    private static Instant earlier(SignedJson one, SignedJson other) throws Refuted {
      return one.issueDate().isBefore(other.issueDate()) ? one.issueDate() : other.issueDate();
    }

    private List<String> components() {
      String[] components = new String[PckCertificate.COMPONENTS];
      Arrays.setAll(components, i -> Integer.toString(pck.component(i)));
      return List.of(components);
    }
  }

  /** Bytes of a quote's buffer that follow its signature data, which nothing here trusts. */
  public static int trailingBytes(byte[] bytes) throws Refuted {
    return Quote.parse(bytes).trailingBytes();
  }

  /** What kind of certification data a quote has. */
  public static int certificationType(byte[] bytes) throws Refuted {
    return Quote.parse(bytes).certification().type();
  }
}
