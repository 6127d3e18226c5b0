package plinius.verification.evidence;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** X.509 certificates as evidence and its endorsements bring them: PEM or DER. */
public final class Certificates {
  private static final int COUNT_MAX = 32;
  private static final int BYTES_MAX = 1 << 17;
  private static final Pattern PEM =
      Pattern.compile("-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----");

  private Certificates() {}

  /** Whether these bytes hold a certificate in PEM. */
  static boolean isPem(byte[] bytes) {
    return PEM.matcher(new String(bytes, StandardCharsets.ISO_8859_1)).find();
  }

  /** All certificates of a PEM text; what stands around them is not looked at. */
  public static List<X509Certificate> ofPem(String what, byte[] pem) throws Refuted {
    requireSize(what, pem);
    List<X509Certificate> certificates = new ArrayList<>();
    Matcher matcher = PEM.matcher(new String(pem, StandardCharsets.ISO_8859_1));
    while (matcher.find()) {
      if (certificates.size() == COUNT_MAX) {
        throw new Refuted(what, "over " + COUNT_MAX + " certificates", "fewer");
      }
      try {
        certificates.add(ofDer(what, Base64.getMimeDecoder().decode(matcher.group(1))));
      } catch (IllegalArgumentException e) {
        throw new Refuted(what, "PEM that is not base64", "X.509 certificates");
      }
    }
    if (certificates.isEmpty()) {
      throw new Refuted(what, "without any certificate", "X.509 certificates in PEM");
    }
    return List.copyOf(certificates);
  }

  /** One certificate and nothing after it. */
  public static X509Certificate ofDer(String what, byte[] der) throws Refuted {
    requireSize(what, der);
    try {
      ByteArrayInputStream in = new ByteArrayInputStream(der);
      X509Certificate certificate =
          (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
      if (in.available() > 0) {
        throw new Refuted(what, in.available() + " bytes after the certificate", "none");
      }
      return certificate;
    } catch (CertificateException | RuntimeException e) {
      // The JDK's parser is not total: some bad encodings come out as runtime exceptions.
      throw new Refuted(what, "no X.509 certificate", "one in DER");
    }
  }

  /** The part of the subject that people read. */
  public static String name(X509Certificate certificate) {
    return commonName(certificate.getSubjectX500Principal().getName());
  }

  /** The same of the issuer. */
  public static String issuerName(X509Certificate certificate) {
    return commonName(certificate.getIssuerX500Principal().getName());
  }

  private static String commonName(String distinguishedName) {
    Matcher matcher = Pattern.compile("(?:^|,)CN=([^,]*)").matcher(distinguishedName);
    return matcher.find() ? matcher.group(1) : distinguishedName;
  }

  private static void requireSize(String what, byte[] bytes) throws Refuted {
    if (bytes.length > BYTES_MAX) {
      throw new Refuted(what, bytes.length + " bytes", "at most " + BYTES_MAX);
    }
  }
}
