package plinius.attestation.simulation;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import plinius.attestation.AttestationException;
import plinius.attestation.Attester;
import plinius.attestation.Evidence;
import plinius.attestation.Measurement;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;
import plinius.seal.KeyDerivation;
import plinius.seal.SecretBytes;
import plinius.seal.jose.Base64Url;
import plinius.seal.jose.Json;
import plinius.seal.jose.Jwk;

/**
 * The platform that protects nothing: an ordinary process that measures its own image and signs
 * with a key that lies in a file. The form of its evidence is a superset of Trustee's {@code
 * sample}: {@code svn} and {@code report_data} as there, and our members {@code name}, {@code
 * measurement}, {@code key} and {@code signature}.
 *
 * <p>Its key lies in {@code simulation.key} in the platform's directory, where the host made it:
 * this hardware is the host's. The sealing keys derive from it.
 */
public final class SimulatedPlatform implements Attester {
  private static final String KEY_FILE = "simulation.key";
  private static final int DIGEST_BYTES = 48;

  private final Measurement measurement;
  private final KeyPair signingKey;

  /**
   * Measures the image and opens the platform's key.
   *
   * @param platformDirectory where the key lies
   * @param imageDirectory root of the image that runs
   * @param arguments what it was started with
   * @throws AttestationException.PlatformUnusable if image or key cannot be read
   */
  public SimulatedPlatform(Path platformDirectory, Path imageDirectory, List<String> arguments) {
    this(platformDirectory, ImageMeasurement.of(imageDirectory, arguments));
  }

  /** With a measurement that was taken before. */
  public SimulatedPlatform(Path platformDirectory, Measurement measurement) {
    this.measurement = measurement;
    try {
      this.signingKey = signingKey(platformDirectory.resolve(KEY_FILE));
    } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
      throw new AttestationException.PlatformUnusable(
          ("cannot open the simulated platform's key in %s: %s. Check the directory's permissions,"
                  + " or remove its file %s")
              .formatted(platformDirectory, e, KEY_FILE));
    }
  }

  @Override
  public TeeKind kind() {
    return TeeKind.SIMULATION;
  }

  @Override
  public Measurement measurement() {
    return measurement;
  }

  @Override
  public Evidence attest(ReportData reportData) {
    Map<String, Object> members = new TreeMap<>();
    members.put("svn", "1");
    members.put("report_data", Base64.getEncoder().encodeToString(unpadded(reportData)));
    members.put("name", Simulation.KEY_NAME);
    members.put("measurement", measurement.hex());
    members.put("key", Jwk.toMap((ECPublicKey) signingKey.getPublic()));
    try {
      Signature signature = Signature.getInstance(Simulation.SIGNATURE_ALGORITHM);
      signature.initSign(signingKey.getPrivate());
      signature.update(signedBytes(members));
      members.put("signature", Base64Url.encode(signature.sign()));
    } catch (GeneralSecurityException e) {
      throw new AttestationException.PlatformUnusable("cannot sign simulated evidence: " + e);
    }
    return new Evidence(TeeKind.SIMULATION, Json.write(members));
  }

  @Override
  public Optional<SecretBytes> sealingKey() {
    try (SecretBytes root = SecretBytes.owning(signingKey.getPrivate().getEncoded())) {
      return Optional.of(
          KeyDerivation.derive(root, new byte[0], "plinius/simulation-seal", measurement.bytes()));
    }
  }

  /** The bytes under the signature: a context, then the canonical members but the signature. */
  public static byte[] signedBytes(Map<String, Object> members) {
    Map<String, Object> signed = new TreeMap<>(members);
    signed.remove("signature");
    return (Simulation.SIGNED_CONTEXT + Json.write(signed)).getBytes(StandardCharsets.UTF_8);
  }

  // Trustee's sample evidence holds the 48 bytes of the digest without the zeros behind it.
  private static byte[] unpadded(ReportData reportData) {
    byte[] bytes = reportData.bytes();
    byte[] digest = Arrays.copyOf(bytes, DIGEST_BYTES);
    return MessageDigest.isEqual(bytes, Arrays.copyOf(digest, bytes.length)) ? digest : bytes;
  }

  private static KeyPair signingKey(Path file) throws IOException, GeneralSecurityException {
    List<String> lines = Files.readAllLines(file);
    if (lines.size() != 3 || !lines.get(0).equals(Simulation.KEY_NAME)) {
      throw new IOException(file + " is not a key of a simulated platform");
    }
    KeyFactory factory = KeyFactory.getInstance("EC");
    Base64.Decoder base64 = Base64.getDecoder();
    return new KeyPair(
        factory.generatePublic(new X509EncodedKeySpec(base64.decode(lines.get(1)))),
        factory.generatePrivate(new PKCS8EncodedKeySpec(base64.decode(lines.get(2)))));
  }
}
