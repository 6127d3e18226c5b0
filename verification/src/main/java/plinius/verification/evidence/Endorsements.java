package plinius.verification.evidence;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CRLException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What makers say about platforms, beside the evidence: certificates, revocation lists, Intel's TCB
 * info and QE identity. All of it is signed, so nobody has to trust where it came from; what does
 * not belong to a piece of evidence is not used.
 *
 * @param certificates intermediates and leaves; roots among them are not believed
 * @param revocationLists of any issuer
 * @param tcbInfos Intel PCS answers {@code {"tcbInfo":...,"signature":...}}
 * @param qeIdentities Intel PCS answers {@code {"enclaveIdentity":...,"signature":...}}
 */
public record Endorsements(
    List<X509Certificate> certificates,
    List<X509CRL> revocationLists,
    List<String> tcbInfos,
    List<String> qeIdentities) {
  private static final int BYTES_MAX = 1 << 20;
  private static final String CRL_PEM = "-----BEGIN X509 CRL-----";
  private static final Pattern TCB_INFO = Pattern.compile("\\s*\\{[^{]*\"tcbInfo\"");
  private static final Pattern QE_IDENTITY = Pattern.compile("\\s*\\{[^{]*\"enclaveIdentity\"");

  public Endorsements {
    certificates = List.copyOf(certificates);
    revocationLists = List.copyOf(revocationLists);
    tcbInfos = List.copyOf(tcbInfos);
    qeIdentities = List.copyOf(qeIdentities);
  }

  /** None at all. */
  public static Endorsements none() {
    return new Endorsements(List.of(), List.of(), List.of(), List.of());
  }

  /** Sorts files by what they hold, whatever their names; files that hold none are left out. */
  public static Endorsements of(Collection<byte[]> files) {
    List<X509Certificate> certificates = new ArrayList<>();
    List<X509CRL> revocationLists = new ArrayList<>();
    List<String> tcbInfos = new ArrayList<>();
    List<String> qeIdentities = new ArrayList<>();
    for (byte[] file : files) {
      if (file.length > BYTES_MAX) {
        continue;
      }
      String text = new String(file, StandardCharsets.UTF_8);
      if (TCB_INFO.matcher(text).lookingAt()) {
        tcbInfos.add(text);
      } else if (QE_IDENTITY.matcher(text).lookingAt()) {
        qeIdentities.add(text);
      } else {
        certificatesIn(file).forEach(certificates::add);
        revocationListIn(file, text).ifPresent(revocationLists::add);
      }
    }
    return new Endorsements(certificates, revocationLists, tcbInfos, qeIdentities);
  }

  /** These, and certificates that came along with the evidence. */
  public Endorsements with(Collection<X509Certificate> more) {
    List<X509Certificate> all = new ArrayList<>(certificates);
    all.addAll(more);
    return new Endorsements(all, revocationLists, tcbInfos, qeIdentities);
  }

  /** These and others; where both say something of the same, these come first. */
  public Endorsements with(Endorsements more) {
    return new Endorsements(
        joined(certificates, more.certificates),
        joined(revocationLists, more.revocationLists),
        joined(tcbInfos, more.tcbInfos),
        joined(qeIdentities, more.qeIdentities));
  }

  private static <T> List<T> joined(List<T> first, List<T> second) {
    List<T> all = new ArrayList<>(first);
    all.addAll(second);
    return all;
  }

  private static List<X509Certificate> certificatesIn(byte[] file) {
    try {
      return Certificates.isPem(file)
          ? Certificates.ofPem("certificates", file)
          : List.of(Certificates.ofDer("certificate", file));
    } catch (Refuted e) {
      return List.of();
    }
  }

  private static Optional<X509CRL> revocationListIn(byte[] file, String text) {
    if (file.length == 0 || (file[0] != Der.SEQUENCE && !text.startsWith(CRL_PEM))) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          (X509CRL)
              CertificateFactory.getInstance("X.509").generateCRL(new ByteArrayInputStream(file)));
    } catch (CertificateException | CRLException | RuntimeException e) {
      return Optional.empty();
    }
  }
}
