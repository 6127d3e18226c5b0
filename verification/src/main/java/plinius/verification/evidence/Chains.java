package plinius.verification.evidence;

import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Certificate chains to pinned roots (RFC 5280) at a given instant, with revocation lists. The path
 * is found here, so that a message can say where it ends; the JDK's PKIX validation judges it.
 */
public final class Chains {
  private static final int LENGTH_MAX = 8;

  private final List<X509Certificate> anchors;
  private final Endorsements endorsements;
  private final Instant at;

  /** Whether a list that is missing refutes the evidence. */
  public enum Revocation {
    /** Each issuer below the root and the root itself have to have a list that is valid. */
    REQUIRED,
    /** Lists that are there are obeyed. */
    WHERE_LISTED
  }

  public Chains(List<X509Certificate> anchors, Endorsements endorsements, Instant at) {
    this.anchors = List.copyOf(anchors);
    this.endorsements = endorsements;
    this.at = at;
  }

  /**
   * Validates the chain of a leaf, and returns it: leaf first, without the root.
   *
   * @throws Refuted naming {@code what} if it ends at no anchor, or is not valid at the instant
   */
  public List<X509Certificate> validate(String what, X509Certificate leaf, Revocation revocation)
      throws Refuted {
    List<X509Certificate> path = new ArrayList<>();
    X509Certificate last = leaf;
    Optional<X509Certificate> anchor = issuerOf(last, anchors);
    path.add(last);
    while (anchor.isEmpty()) {
      Optional<X509Certificate> next = issuerOf(last, endorsements.certificates());
      if (next.isEmpty() || next.get().equals(last) || path.size() == LENGTH_MAX) {
        throw new Refuted(
            what, "a chain that ends at " + Certificates.issuerName(last), "one to " + roots());
      }
      last = next.get();
      path.add(last);
      anchor = issuerOf(last, anchors);
    }
    for (X509Certificate certificate : path) {
      requireValidity(what, certificate);
    }
    requireValidity(what, anchor.get());
    validatePath(what, path, anchor.get());
    for (int i = 0; i < path.size(); i++) {
      X509Certificate issuer = i + 1 < path.size() ? path.get(i + 1) : anchor.get();
      requireNotRevoked(path.get(i), issuer, revocation);
    }
    return List.copyOf(path);
  }

  private static Optional<X509Certificate> issuerOf(
      X509Certificate certificate, List<X509Certificate> candidates) {
    return candidates.stream()
        .filter(each -> each.getSubjectX500Principal().equals(certificate.getIssuerX500Principal()))
        .filter(each -> isSignedBy(certificate, each.getPublicKey()))
        .findFirst();
  }

  private static boolean isSignedBy(X509Certificate certificate, PublicKey key) {
    try {
      certificate.verify(key);
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private void requireValidity(String what, X509Certificate certificate) throws Refuted {
    Instant from = certificate.getNotBefore().toInstant();
    Instant until = certificate.getNotAfter().toInstant();
    if (at.isBefore(from) || at.isAfter(until)) {
      throw new Refuted(
          what,
          "of " + Certificates.name(certificate) + ", valid from " + from + " to " + until,
          "valid at " + at);
    }
  }

  private void validatePath(String what, List<X509Certificate> path, X509Certificate anchor)
      throws Refuted {
    try {
      PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(anchor, null)));
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(at));
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
    } catch (CertPathValidatorException | CertificateException e) {
      throw new Refuted(what, "not valid: " + e.getMessage(), "a chain as in RFC 5280");
    } catch (NoSuchAlgorithmException | InvalidAlgorithmParameterException e) {
      throw new IllegalStateException("every JDK has PKIX", e);
    }
  }

  private void requireNotRevoked(
      X509Certificate certificate, X509Certificate issuer, Revocation revocation) throws Refuted {
    String what = "revocation list of " + Certificates.name(issuer);
    boolean current = false;
    Optional<Instant> expired = Optional.empty();
    for (X509CRL list : endorsements.revocationLists()) {
      if (!list.getIssuerX500Principal().equals(issuer.getSubjectX500Principal())
          || !isSignedBy(list, issuer.getPublicKey())) {
        continue;
      }
      // An older list too: what was revoked once stays so.
      boolean begun = !at.isBefore(list.getThisUpdate().toInstant());
      if (begun && list.isRevoked(certificate)) {
        throw new Refuted(Certificates.name(certificate), "revoked", "not on the " + what);
      }
      Optional<Instant> until = Optional.ofNullable(list.getNextUpdate()).map(Date::toInstant);
      boolean ended = until.isEmpty() || at.isAfter(until.get());
      current |= begun && !ended;
      expired = ended ? until : expired;
    }
    if (!current && (revocation == Revocation.REQUIRED || expired.isPresent())) {
      throw new Refuted(
          what,
          expired.map(until -> "valid until " + until).orElse("missing"),
          "valid at " + at + ": fetch it again");
    }
  }

  private static boolean isSignedBy(X509CRL list, PublicKey key) {
    try {
      list.verify(key);
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private String roots() {
    return String.join(" or ", anchors.stream().map(Certificates::name).distinct().toList());
  }
}
