package plinius.testkit.tee;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** Certificates and revocation lists of our own making, for evidence that no machine gave us. */
public final class CertificateMaker {
  /** Where the validity of everything made here begins. */
  public static final Instant FROM = Instant.parse("2024-01-01T00:00:00Z");

  /** Where that of certificates ends. */
  public static final Instant UNTIL = Instant.parse("2034-01-01T00:00:00Z");

  private static final String ECDSA_SHA256 = "1.2.840.10045.4.3.2";
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);
  private static final AtomicLong SERIALS = new AtomicLong(1);

  private CertificateMaker() {}

  /** A key and the certificate of it. */
  public record Identity(KeyPair keys, X509Certificate certificate) {}

  /** A root that signed itself. */
  public static Identity root(String name) {
    KeyPair keys = keys("secp256r1");
    return new Identity(keys, certificate(name, keys, name, keys.getPrivate(), true, Map.of()));
  }

  /** An authority below an issuer. */
  public static Identity authority(String name, Identity issuer) {
    return issued(name, "secp256r1", issuer, true, Map.of());
  }

  /** A leaf with extensions: by object identifier, the bytes inside their OCTET STRING. */
  public static Identity leaf(
      String name, String curve, Identity issuer, Map<String, byte[]> extensions) {
    return issued(name, curve, issuer, false, extensions);
  }

  private static Identity issued(
      String name, String curve, Identity issuer, boolean isCa, Map<String, byte[]> extensions) {
    KeyPair keys = keys(curve);
    String issuerName = issuer.certificate().getSubjectX500Principal().getName().substring(3);
    return new Identity(
        keys, certificate(name, keys, issuerName, issuer.keys().getPrivate(), isCa, extensions));
  }

  /** A list, valid from {@link #FROM}, of what its issuer revoked. */
  public static X509CRL revocationList(Identity issuer, Instant until, X509Certificate... revoked) {
    List<byte[]> entries = new ArrayList<>();
    for (X509Certificate each : revoked) {
      entries.add(der(0x30, der(2, each.getSerialNumber().toByteArray()), time(FROM)));
    }
    byte[] list = entries.isEmpty() ? new byte[0] : der(0x30, entries.toArray(byte[][]::new));
    String issuerName = issuer.certificate().getSubjectX500Principal().getName().substring(3);
    byte[] signed =
        der(
            0x30,
            der(2, new byte[] {1}),
            der(0x30, oid(ECDSA_SHA256)),
            name(issuerName),
            time(FROM),
            time(until),
            list);
    try {
      return (X509CRL)
          CertificateFactory.getInstance("X.509")
              .generateCRL(new ByteArrayInputStream(signed(signed, issuer.keys().getPrivate())));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /** A DER value: tag, length, and the parts one after the other. */
  public static byte[] der(int tag, byte[]... parts) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      content.writeBytes(part);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    int length = content.size();
    if (length >= 256) {
      out.write(0x82);
      out.write(length >> 8);
    } else if (length >= 128) {
      out.write(0x81);
    }
    out.write(length);
    out.writeBytes(content.toByteArray());
    return out.toByteArray();
  }

  /** A DER INTEGER. */
  public static byte[] number(long value) {
    return der(2, BigInteger.valueOf(value).toByteArray());
  }

  /** A DER IA5String. */
  public static byte[] text(String text) {
    return der(0x16, text.getBytes(StandardCharsets.US_ASCII));
  }

  /** A DER OBJECT IDENTIFIER. */
  public static byte[] oid(String dotted) {
    String[] arcs = dotted.split("\\.", -1);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(Integer.parseInt(arcs[0]) * 40 + Integer.parseInt(arcs[1]));
    for (int i = 2; i < arcs.length; i++) {
      int arc = Integer.parseInt(arcs[i]);
      for (int shift = 28; shift > 0; shift -= 7) {
        if (arc >> shift != 0) {
          out.write((arc >> shift & 0x7f) | 0x80);
        }
      }
      out.write(arc & 0x7f);
    }
    return der(6, out.toByteArray());
  }

  /** The certificate in DER. */
  public static byte[] encoded(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /** Certificates in PEM, one after the other. */
  public static byte[] pem(X509Certificate... certificates) {
    StringBuilder pem = new StringBuilder();
    for (X509Certificate each : certificates) {
      pem.append("-----BEGIN CERTIFICATE-----\n")
          .append(Base64.getMimeEncoder().encodeToString(encoded(each)))
          .append("\n-----END CERTIFICATE-----\n");
    }
    return pem.toString().getBytes(StandardCharsets.US_ASCII);
  }

  /** A new key on a curve. */
  public static KeyPair keys(String curve) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec(curve));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /** A signature by an algorithm of the JDK. */
  public static byte[] sign(String algorithm, PrivateKey key, byte[] message) {
    try {
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(key);
      signature.update(message);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static X509Certificate certificate(
      String subject,
      KeyPair keys,
      String issuer,
      PrivateKey issuerKey,
      boolean isCa,
      Map<String, byte[]> extensions) {
    List<byte[]> all = new ArrayList<>();
    if (isCa) {
      byte[] constraints = der(0x30, der(1, new byte[] {(byte) 0xff}));
      all.add(der(0x30, oid("2.5.29.19"), der(1, new byte[] {(byte) 0xff}), der(4, constraints)));
    }
    extensions.forEach((id, value) -> all.add(der(0x30, oid(id), der(4, value))));
    byte[] signed =
        der(
            0x30,
            der(0xa0, number(2)),
            number(SERIALS.incrementAndGet()),
            der(0x30, oid(ECDSA_SHA256)),
            name(issuer),
            der(0x30, time(FROM), time(UNTIL)),
            name(subject),
            keys.getPublic().getEncoded(),
            all.isEmpty() ? new byte[0] : der(0xa3, der(0x30, all.toArray(byte[][]::new))));
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(signed(signed, issuerKey)));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] signed(byte[] content, PrivateKey key) {
    byte[] signature = sign("SHA256withECDSA", key, content);
    byte[] bits = new byte[signature.length + 1];
    System.arraycopy(signature, 0, bits, 1, signature.length);
    return der(0x30, content, der(0x30, oid(ECDSA_SHA256)), der(3, bits));
  }

  private static byte[] name(String commonName) {
    byte[] value = der(0x0c, commonName.getBytes(StandardCharsets.UTF_8));
    return der(0x30, der(0x31, der(0x30, oid("2.5.4.3"), value)));
  }

  private static byte[] time(Instant instant) {
    return der(0x18, TIME.format(instant).getBytes(StandardCharsets.US_ASCII));
  }
}
