package plinius.host;

import java.net.Socket;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts the server whose key has one digest, whatever its certificate says besides. Extended, so
 * that the JDK compares no host name of its own accord.
 */
public final class PinnedKey extends X509ExtendedTrustManager {
  private final byte[] pin;

  /**
   * Trust in one key.
   *
   * @param pin SHA-256 of its SubjectPublicKeyInfo, 64 hexadecimal digits
   * @throws HostException.Usage if it is no such text
   */
  public PinnedKey(String pin) {
    requirePin(pin);
    this.pin = HexFormat.of().parseHex(pin);
  }

  static void requirePin(String pin) {
    if (!pin.matches("[0-9a-fA-F]{64}")) {
      throw new HostException.Usage(
          "the broker's pin is what it prints, 64 hexadecimal digits, got " + pin);
    }
  }

  private void check(X509Certificate[] chain) throws CertificateException {
    byte[] got;
    try {
      got = MessageDigest.getInstance("SHA-256").digest(chain[0].getPublicKey().getEncoded());
    } catch (NoSuchAlgorithmException e) {
      throw new CertificateException(e);
    }
    if (!MessageDigest.isEqual(got, pin)) {
      throw new CertificateException(
          "its key has the SHA-256 "
              + HexFormat.of().formatHex(got)
              + " and the pin is "
              + HexFormat.of().formatHex(pin)
              + ": this is another broker, or somebody is in between");
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
    throw new CertificateException("this side is no server");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    throw new CertificateException("this side is no server");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    throw new CertificateException("this side is no server");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }
}
