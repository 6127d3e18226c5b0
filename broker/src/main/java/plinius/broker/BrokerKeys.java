package plinius.broker;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import plinius.attestation.kbs.BrokerKey;
import plinius.seal.KeyDerivation;
import plinius.seal.SecretBytes;

/**
 * The broker's own two keys, each with a self-signed certificate: one for TLS, one to sign with.
 * The JDK's keytool makes them once, because the JDK has no public interface that makes
 * certificates. They lie in the state directory, under a password derived from the owner's key.
 */
final class BrokerKeys {
  static final String FILE = "broker.p12";
  private static final String FRESH_FILE = "broker.p12.new";
  private static final String TLS_ALIAS = "tls";
  private static final String SIGNING_ALIAS = "signing";
  private static final String PASSWORD_VARIABLE = "PLINIUS_BROKER_STORE";
  private static final int KEYTOOL_SECONDS_MAX = 120;

  private final SSLContext tls;
  private final String pin;
  private final PrivateKey signingKey;
  private final BrokerKey brokerKey;

  /** Opens or makes the keys. Nobody else may use the directory meanwhile. */
  BrokerKeys(Path directory, SecretBytes logKey) {
    Path file = directory.resolve(FILE);
    char[] password = password(logKey);
    try {
      if (!Files.exists(file)) {
        make(directory, file, new String(password));
      }
      KeyStore store = KeyStore.getInstance("PKCS12");
      try (InputStream in = Files.newInputStream(file)) {
        store.load(in, password);
      }
      Certificate certificate = store.getCertificate(TLS_ALIAS);
      Certificate signer = store.getCertificate(SIGNING_ALIAS);
      if (certificate == null || signer == null) {
        throw new IOException("a key is missing in it");
      }
      this.pin =
          HexFormat.of()
              .formatHex(
                  MessageDigest.getInstance("SHA-256")
                      .digest(certificate.getPublicKey().getEncoded()));
      this.tls = context(tlsOnly(store, password), password);
      this.signingKey = (PrivateKey) store.getKey(SIGNING_ALIAS, password);
      this.brokerKey =
          new BrokerKey(Base64.getEncoder().encodeToString(signer.getPublicKey().getEncoded()));
    } catch (IOException | GeneralSecurityException e) {
      throw new BrokerException.StateUnusable(
          "cannot open or make the broker's keys "
              + file
              + ": "
              + e
              + ". If the file is damaged or of another owner's key, move it away: new ones are"
              + " made, and hosts need the new pin",
          e);
    } finally {
      Arrays.fill(password, '\0');
    }
  }

  /** For the server. */
  SSLContext tls() {
    return tls;
  }

  /** SHA-256 of the TLS certificate's SubjectPublicKeyInfo, as hexadecimal digits. */
  String pin() {
    return pin;
  }

  /** Ed25519. */
  PrivateKey signingKey() {
    return signingKey;
  }

  /** The public part of {@link #signingKey}. */
  BrokerKey brokerKey() {
    return brokerKey;
  }

  private static char[] password(SecretBytes logKey) {
    try (SecretBytes derived = KeyDerivation.derive(logKey, new byte[0], "plinius/broker-store")) {
      byte[] bytes = derived.copy();
      char[] password = HexFormat.of().formatHex(bytes).toCharArray();
      Arrays.fill(bytes, (byte) 0);
      return password;
    }
  }

  // The server must not choose the signing certificate for a client that likes Ed25519.
  private static KeyStore tlsOnly(KeyStore store, char[] password)
      throws IOException, GeneralSecurityException {
    KeyStore only = KeyStore.getInstance("PKCS12");
    only.load(null, null);
    only.setKeyEntry(
        TLS_ALIAS,
        store.getKey(TLS_ALIAS, password),
        password,
        store.getCertificateChain(TLS_ALIAS));
    return only;
  }

  private static SSLContext context(KeyStore store, char[] password)
      throws GeneralSecurityException {
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, password);
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  private static void make(Path directory, Path file, String password) throws IOException {
    Path fresh = directory.resolve(FRESH_FILE);
    Files.deleteIfExists(fresh);
    List<String> tlsOptions =
        List.of(
            "-keyalg", "EC", "-groupname", "secp256r1", "-ext", "san=ip:127.0.0.1,dns:localhost");
    keytool(fresh, password, TLS_ALIAS, tlsOptions);
    keytool(fresh, password, SIGNING_ALIAS, List.of("-keyalg", "Ed25519"));
    Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
    try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static void keytool(Path store, String password, String alias, List<String> keyOptions)
      throws IOException {
    Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
    if (!Files.isExecutable(keytool)) {
      throw new IOException("there is no " + keytool + ": the broker needs a full JDK");
    }
    List<String> command =
        new ArrayList<>(List.of(keytool.toString(), "-J-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-genkeypair", "-alias", alias, "-dname", "CN=Plinius broker " + alias));
    command.addAll(keyOptions);
    command.addAll(List.of("-validity", "3650", "-storetype", "PKCS12", "-keystore"));
    // By the environment: a command line can be read by everybody on the machine.
    command.addAll(List.of(store.toString(), "-storepass:env", PASSWORD_VARIABLE));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().putAll(Map.of(PASSWORD_VARIABLE, password));
    Process process = builder.start();
    process.getOutputStream().close();
    try {
      // Its words fit into the pipe, so it cannot block on us while we wait.
      if (!process.waitFor(KEYTOOL_SECONDS_MAX, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException("keytool took more than " + KEYTOOL_SECONDS_MAX + " s");
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while keytool made a key", e);
    }
    if (process.exitValue() != 0) {
      String words =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      throw new IOException("keytool ended with " + process.exitValue() + ": " + words);
    }
  }
}
