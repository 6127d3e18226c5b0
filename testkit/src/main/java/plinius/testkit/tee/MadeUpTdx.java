package plinius.testkit.tee;

import static plinius.testkit.tee.CertificateMaker.der;
import static plinius.testkit.tee.CertificateMaker.number;
import static plinius.testkit.tee.CertificateMaker.oid;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509CRL;
import java.security.interfaces.ECPublicKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import plinius.testkit.tee.CertificateMaker.Identity;

/** A TDX platform with its root, its certificates, and all that its maker says about it. */
public final class MadeUpTdx {
  /** Where the lists of revoked certificates end. */
  public static final Instant LIST_UNTIL = Instant.parse("2025-12-31T00:00:00Z");

  /** Within the validity of everything. */
  public static final Instant AT = Instant.parse("2025-06-15T00:00:00Z");

  private static final String ES256 = "SHA256withECDSAinP1363Format";
  private static final String SGX = "1.2.840.113741.1.13.1";
  private static final int HEADER_BYTES = 54;
  private static final int BODY_BYTES = 648;

  /** The root that a verifier has to trust. */
  public final Identity root = CertificateMaker.root("Intel SGX Root CA");

  /** Certifies platforms. */
  public final Identity pckCa = CertificateMaker.authority("Intel SGX PCK Platform CA", root);

  /** The platform's key. */
  public final Identity pck =
      CertificateMaker.leaf(
          "Intel SGX PCK Certificate", "secp256r1", pckCa, Map.of(SGX, pckExtension(200, 11)));

  /** Signs TCB info and QE identity. */
  public final Identity signer =
      CertificateMaker.leaf("Intel SGX TCB Signing", "secp256r1", root, Map.of());

  /** Nobody has to trust it before {@link #root} is trusted. */
  public MadeUpTdx() {}

  /**
   * What a quote says.
   *
   * @param launchSvn the TDX module's security version when the domain was launched
   * @param currentSvn that of the module that runs now
   * @param mrtd 48 bytes in hexadecimal
   * @param debug whether others may look into the domain
   * @param reportData 64 bytes in hexadecimal
   */
  public record Domain(
      int launchSvn, int currentSvn, String mrtd, boolean debug, String reportData) {
    /** Up to date, measured as zeros, bound to nothing. */
    public static Domain plain() {
      return new Domain(3, 3, "00".repeat(48), false, "00".repeat(64));
    }

    /** The same with these security versions. */
    public Domain at(int launch, int current) {
      return new Domain(launch, current, mrtd, debug, reportData);
    }

    /** The same of other code, bound to other bytes. */
    public Domain of(String code, String bound) {
      return new Domain(launchSvn, currentSvn, code, debug, bound);
    }

    /** The same, and everybody may look in. */
    public Domain debugged() {
      return new Domain(launchSvn, currentSvn, mrtd, true, reportData);
    }
  }

  /** The files of a folder of endorsements in which this platform is up to date. */
  public Map<String, byte[]> endorsements() {
    return Map.of(
        "tcbinfo.json", tcbInfo(levels("UpToDate", 200)).getBytes(StandardCharsets.UTF_8),
        "qeidentity.json", qeIdentity("UpToDate").getBytes(StandardCharsets.UTF_8),
        "signing-chain.pem", CertificateMaker.pem(signer.certificate(), root.certificate()),
        "root.crl", encoded(CertificateMaker.revocationList(root, LIST_UNTIL)),
        "pck.crl", encoded(CertificateMaker.revocationList(pckCa, LIST_UNTIL)));
  }

  private static byte[] encoded(X509CRL list) {
    try {
      return list.getEncoded();
    } catch (java.security.cert.CRLException e) {
      throw new AssertionError(e);
    }
  }

  /** A TCB level that asks for this version of each of the platform's components. */
  public static String levels(String status, int component) {
    return levels(status, component, "");
  }

  /**
   * The same with security advisories.
   *
   * @param advisories JSON strings, comma between
   */
  public static String levels(String status, int component, String advisories) {
    String sgx = String.join(",", Collections.nCopies(16, "{\"svn\":" + component + "}"));
    String tdx = String.join(",", Collections.nCopies(16, "{\"svn\":0}"));
    return "{\"tcb\":{\"sgxtcbcomponents\":["
        + sgx
        + "],\"pcesvn\":11,\"tdxtcbcomponents\":["
        + tdx
        + "]},\"tcbDate\":\"2025-01-01T00:00:00Z\",\"advisoryIDs\":["
        + advisories
        + "],\"tcbStatus\":\""
        + status
        + "\"}";
  }

  /** A TCB info of these levels. */
  public String tcbInfo(String levels) {
    return tcbInfo(levels, signer);
  }

  /** The same by another signer. */
  public static String tcbInfo(String levels, Identity signer) {
    return signed(
        "tcbInfo",
        "{\"id\":\"TDX\",\"version\":3,\"issueDate\":\"2025-06-01T00:00:00Z\","
            + "\"nextUpdate\":\"2025-07-01T00:00:00Z\",\"fmspc\":\"00906ED50000\","
            + "\"pceId\":\"0000\",\"tcbType\":0,\"tcbEvaluationDataNumber\":17,"
            + "\"tdxModuleIdentities\":[{\"id\":\"TDX_01\",\"mrsigner\":\""
            + "00".repeat(48)
            + "\",\"attributes\":\"0000000000000000\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\","
            + "\"tcbLevels\":[{\"tcb\":{\"isvsvn\":3},\"tcbDate\":\"2025-01-01T00:00:00Z\","
            + "\"tcbStatus\":\"UpToDate\"},{\"tcb\":{\"isvsvn\":2},"
            + "\"tcbDate\":\"2024-01-01T00:00:00Z\",\"advisoryIDs\":[\"MODULE-SA-1\"],"
            + "\"tcbStatus\":\"OutOfDate\"}]}],"
            + "\"tcbLevels\":["
            + levels
            + "]}",
        signer);
  }

  /** The quoting enclave's identity, its only level of this status. */
  public String qeIdentity(String status) {
    return qeIdentity(status, 17);
  }

  /** The same of another evaluation. */
  public String qeIdentity(String status, int evaluationNumber) {
    return signed(
        "enclaveIdentity",
        "{\"id\":\"TD_QE\",\"version\":2,\"issueDate\":\"2025-06-01T00:00:00Z\","
            + "\"nextUpdate\":\"2025-07-01T00:00:00Z\",\"tcbEvaluationDataNumber\":"
            + evaluationNumber
            + ",\"miscselect\":\"00000000\",\"miscselectMask\":\"FFFFFFFF\","
            + "\"attributes\":\"11000000000000000000000000000000\","
            + "\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\",\"mrsigner\":\""
            + "AB".repeat(32)
            + "\",\"isvprodid\":2,\"tcbLevels\":[{\"tcb\":{\"isvsvn\":4},"
            + "\"tcbDate\":\"2025-01-01T00:00:00Z\",\"tcbStatus\":\""
            + status
            + "\"}]}",
        signer);
  }

  private static String signed(String name, String object, Identity signer) {
    byte[] signature =
        CertificateMaker.sign(
            ES256, signer.keys().getPrivate(), object.getBytes(StandardCharsets.UTF_8));
    String hex = HexFormat.of().formatHex(signature);
    return "{\"" + name + "\":" + object + ",\"signature\":\"" + hex + "\"}";
  }

  private static byte[] pckExtension(int component, int pceSvn) {
    List<byte[]> tcb = new ArrayList<>();
    for (int i = 1; i <= 16; i++) {
      tcb.add(der(0x30, oid(SGX + ".2." + i), number(component)));
    }
    tcb.add(der(0x30, oid(SGX + ".2.17"), number(pceSvn)));
    return der(
        0x30,
        der(0x30, oid(SGX + ".2"), der(0x30, tcb.toArray(byte[][]::new))),
        der(0x30, oid(SGX + ".3"), der(4, new byte[2])),
        der(0x30, oid(SGX + ".4"), der(4, HexFormat.of().parseHex("00906ed50000"))));
  }

  /** A quote of version 5 with a TD report 1.5. */
  public byte[] quote(Domain domain) {
    byte[] signed = new byte[HEADER_BYTES + BODY_BYTES];
    ByteBuffer header = ByteBuffer.wrap(signed).order(ByteOrder.LITTLE_ENDIAN);
    header.putShort((short) 5).putShort((short) 2).putInt(0x81);
    header.position(12);
    header.put(HexFormat.of().parseHex("939a7233f79c4ca9940a0db3957f0607"));
    header.putShort(48, (short) 3).putInt(50, BODY_BYTES);
    header.put(HEADER_BYTES, (byte) domain.launchSvn()).put(HEADER_BYTES + 1, (byte) 1);
    header.put(HEADER_BYTES + 120, (byte) (domain.debug() ? 1 : 0));
    header.put(HEADER_BYTES + 136, HexFormat.of().parseHex(domain.mrtd()));
    header.put(HEADER_BYTES + 520, HexFormat.of().parseHex(domain.reportData()));
    header.put(HEADER_BYTES + 584, (byte) domain.currentSvn()).put(HEADER_BYTES + 585, (byte) 1);

    KeyPair attestation = CertificateMaker.keys("secp256r1");
    byte[] key = point((ECPublicKey) attestation.getPublic());
    byte[] certification = certification(key);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(signed);
    out.writeBytes(little(128 + 6 + certification.length, 4));
    out.writeBytes(CertificateMaker.sign(ES256, attestation.getPrivate(), signed));
    out.writeBytes(key);
    out.writeBytes(little(6, 2));
    out.writeBytes(little(certification.length, 4));
    out.writeBytes(certification);
    return out.toByteArray();
  }

  private byte[] certification(byte[] attestationKey) {
    byte[] authentication = {1, 2, 3};
    byte[] report = new byte[384];
    report[48] = 0x11;
    Arrays.fill(report, 128, 160, (byte) 0xab);
    report[256] = 2;
    report[258] = 4;
    System.arraycopy(sha256(attestationKey, authentication), 0, report, 320, 32);
    byte[] chain = CertificateMaker.pem(pck.certificate(), pckCa.certificate(), root.certificate());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(report);
    out.writeBytes(CertificateMaker.sign(ES256, pck.keys().getPrivate(), report));
    out.writeBytes(little(authentication.length, 2));
    out.writeBytes(authentication);
    out.writeBytes(little(5, 2));
    out.writeBytes(little(chain.length, 4));
    out.writeBytes(chain);
    return out.toByteArray();
  }

  private static byte[] sha256(byte[]... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (byte[] part : parts) {
        digest.update(part);
      }
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] point(ECPublicKey key) {
    byte[] spki = key.getEncoded();
    return Arrays.copyOfRange(spki, spki.length - 64, spki.length);
  }

  private static byte[] little(int value, int bytes) {
    byte[] little = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      little[i] = (byte) (value >> (8 * i));
    }
    return little;
  }
}
