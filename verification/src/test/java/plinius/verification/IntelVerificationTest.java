package plinius.verification;

import static org.assertj.core.api.Assertions.assertThat;
import static plinius.verification.CertificateMaker.der;
import static plinius.verification.CertificateMaker.number;
import static plinius.verification.CertificateMaker.oid;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import plinius.verification.CertificateMaker.Identity;
import plinius.verification.evidence.Claims;
import plinius.verification.evidence.Endorsements;
import plinius.verification.evidence.Signatures;
import plinius.verification.evidence.TrustAnchors;

/** TDX quotes of a platform that we make up ourselves, with all that Intel says about it. */
class IntelVerificationTest {
  private static final Instant AT = Instant.parse("2025-06-15T00:00:00Z");
  private static final Instant LIST_UNTIL = Instant.parse("2025-12-31T00:00:00Z");
  private static final String ES256 = "SHA256withECDSAinP1363Format";
  private static final String SGX = "1.2.840.113741.1.13.1";

  private final Identity root = CertificateMaker.root("Intel SGX Root CA");
  private final Identity pckCa = CertificateMaker.authority("Intel SGX PCK Platform CA", root);
  private final Identity pck =
      CertificateMaker.leaf(
          "Intel SGX PCK Certificate", "secp256r1", pckCa, Map.of(SGX, pckExtension(200, 11)));
  private final Identity signer =
      CertificateMaker.leaf("Intel SGX TCB Signing", "secp256r1", root, Map.of());

  @Test
  void a_platform_that_reaches_the_first_level_is_up_to_date() {
    assertThat(status(quote(3, 3), levels("UpToDate", 200), "UpToDate")).isEqualTo("UpToDate");
  }

  @Test
  void security_versions_above_127_are_numbers_and_not_negative() {
    String info = levels("UpToDate", 201) + "," + levels("OutOfDate", 130);

    assertThat(status(quote(3, 3), info, "UpToDate")).isEqualTo("OutOfDate");
  }

  @Test
  void a_platform_below_every_level_is_not_supported() {
    assertThat(status(quote(3, 3), levels("UpToDate", 201), "UpToDate"))
        .isEqualTo("TCB_NOT_SUPPORTED");
  }

  @Test
  void the_worst_of_platform_and_quoting_enclave_counts() {
    Map<String, String> together =
        Map.of(
            "UpToDate", "OutOfDate",
            "SWHardeningNeeded", "OutOfDate",
            "ConfigurationNeeded", "OutOfDateConfigurationNeeded",
            "ConfigurationAndSWHardeningNeeded", "OutOfDateConfigurationNeeded",
            "OutOfDate", "OutOfDate",
            "Revoked", "Revoked");
    together.forEach(
        (platform, want) -> {
          assertThat(status(quote(3, 3), levels(platform, 200), "OutOfDate")).isEqualTo(want);
          assertThat(status(quote(3, 3), levels(platform, 200), "Revoked")).isEqualTo("Revoked");
        });
  }

  @Test
  void a_module_updated_below_a_running_domain_advises_to_launch_it_again() {
    String configured = levels("ConfigurationNeeded", 200);

    assertThat(status(quote(2, 3), levels("UpToDate", 200), "UpToDate"))
        .isEqualTo("TDRelaunchAdvised");
    assertThat(status(quote(2, 3), configured, "UpToDate"))
        .isEqualTo("TDRelaunchAdvisedConfigurationNeeded");
    assertThat(status(quote(2, 2), levels("UpToDate", 200), "UpToDate")).isEqualTo("OutOfDate");
  }

  @Test
  void a_revoked_certificate_or_a_missing_or_old_list_is_refused() {
    X509CRL rootList = CertificateMaker.revocationList(root, LIST_UNTIL);
    X509CRL caList = CertificateMaker.revocationList(pckCa, LIST_UNTIL);
    X509CRL revoking = CertificateMaker.revocationList(pckCa, LIST_UNTIL, pck.certificate());
    X509CRL revokingCa = CertificateMaker.revocationList(root, LIST_UNTIL, pckCa.certificate());
    X509CRL old = CertificateMaker.revocationList(pckCa, AT.minusSeconds(1));

    assertThat(field(List.of(rootList, revoking))).isEqualTo("Intel SGX PCK Certificate");
    assertThat(field(List.of(revokingCa, caList))).isEqualTo("Intel SGX PCK Platform CA");
    assertThat(field(List.of(rootList))).startsWith("revocation list of Intel SGX PCK");
    assertThat(field(List.of(caList))).startsWith("revocation list of Intel SGX Root CA");
    assertThat(field(List.of(rootList, old))).startsWith("revocation list of Intel SGX PCK");
    assertThat(field(List.of(rootList, caList))).isEmpty();
  }

  @Test
  void a_list_by_a_stranger_of_the_same_name_does_not_count() {
    Identity stranger = CertificateMaker.root("Intel SGX PCK Platform CA");
    X509CRL forged = CertificateMaker.revocationList(stranger, LIST_UNTIL);

    assertThat(field(List.of(CertificateMaker.revocationList(root, LIST_UNTIL), forged)))
        .startsWith("revocation list of Intel SGX PCK");
  }

  @Test
  void collateral_that_is_changed_or_of_another_signer_is_refused() {
    Identity stranger =
        CertificateMaker.leaf(
            "Intel SGX TCB Signing",
            "secp256r1",
            CertificateMaker.root("Intel SGX Root CA"),
            Map.of());
    String info = tcbInfo(levels("UpToDate", 200), signer);

    assertThat(field(info.replace("UpToDate", "upToDate"))).isEqualTo("TCB info signature");
    assertThat(field(tcbInfo(levels("UpToDate", 200), stranger))).isEqualTo("TCB info signature");
    assertThat(field(info.replace("{\"tcbInfo\"", " { \"tcbInfo\""))).isEmpty();
  }

  @Test
  void a_chain_to_a_root_of_the_same_name_is_refused() {
    Identity other = CertificateMaker.root("Intel SGX Root CA");
    Verifier verifier =
        new Verifier(new TrustAnchors(List.of(other.certificate()), List.of(), List.of()));

    Verification refused =
        verifier.verifyFile(
            quote(3, 3), endorsements(tcbInfo(levels("UpToDate", 200), signer), "UpToDate"), AT);

    assertThat(((Verification.NotGenuine) refused).field()).isEqualTo("PCK chain");
  }

  @Test
  void each_flipped_bit_of_the_signed_part_is_noticed() {
    byte[] quote = quote(3, 3);
    Endorsements endorsements = endorsements(tcbInfo(levels("UpToDate", 200), signer), "UpToDate");
    for (int at = 0; at < 54 + 648 + 4 + 128 + 6 + 448; at += 5) {
      byte[] flipped = quote.clone();
      flipped[at] ^= (byte) (1 << (at % 8));
      assertThat(verifier().verifyFile(flipped, endorsements, AT))
          .as("byte " + at)
          .isInstanceOf(Verification.NotGenuine.class);
    }
  }

  private Verifier verifier() {
    return new Verifier(new TrustAnchors(List.of(root.certificate()), List.of(), List.of()));
  }

  private String status(byte[] quote, String levels, String qeStatus) {
    Verification verification =
        verifier().verifyFile(quote, endorsements(tcbInfo(levels, signer), qeStatus), AT);
    assertThat(verification).isInstanceOf(Verification.Genuine.class);
    Claims claims = ((Verification.Genuine) verification).claims();
    return (String) claims.value("tcb-status").orElseThrow();
  }

  private String field(List<X509CRL> lists) {
    Endorsements all = endorsements(tcbInfo(levels("UpToDate", 200), signer), "UpToDate");
    return field(new Endorsements(all.certificates(), lists, all.tcbInfos(), all.qeIdentities()));
  }

  private String field(String tcbInfo) {
    return field(endorsements(tcbInfo, "UpToDate"));
  }

  private String field(Endorsements endorsements) {
    return verifier().verifyFile(quote(3, 3), endorsements, AT)
            instanceof Verification.NotGenuine not
        ? not.field()
        : "";
  }

  private Endorsements endorsements(String tcbInfo, String qeStatus) {
    return new Endorsements(
        List.of(signer.certificate()),
        List.of(
            CertificateMaker.revocationList(root, LIST_UNTIL),
            CertificateMaker.revocationList(pckCa, LIST_UNTIL)),
        List.of(tcbInfo),
        List.of(qeIdentity(qeStatus)));
  }

  private static String levels(String status, int component) {
    String sgx = String.join(",", Collections.nCopies(16, "{\"svn\":" + component + "}"));
    String tdx = String.join(",", Collections.nCopies(16, "{\"svn\":0}"));
    return "{\"tcb\":{\"sgxtcbcomponents\":["
        + sgx
        + "],\"pcesvn\":11,\"tdxtcbcomponents\":["
        + tdx
        + "]},\"tcbDate\":\"2025-01-01T00:00:00Z\",\"tcbStatus\":\""
        + status
        + "\"}";
  }

  private static String tcbInfo(String levels, Identity signer) {
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
            + "\"tcbDate\":\"2024-01-01T00:00:00Z\",\"tcbStatus\":\"OutOfDate\"}]}],"
            + "\"tcbLevels\":["
            + levels
            + "]}",
        signer);
  }

  private String qeIdentity(String status) {
    return signed(
        "enclaveIdentity",
        "{\"id\":\"TD_QE\",\"version\":2,\"issueDate\":\"2025-06-01T00:00:00Z\","
            + "\"nextUpdate\":\"2025-07-01T00:00:00Z\",\"tcbEvaluationDataNumber\":17,"
            + "\"miscselect\":\"00000000\",\"miscselectMask\":\"FFFFFFFF\","
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
    return "{\"" + name + "\":" + object + ",\"signature\":\"" + hex(signature) + "\"}";
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

  /** A quote of version 5 with a TD report 1.5 of a module launched and updated so. */
  private byte[] quote(int launchSvn, int currentSvn) {
    byte[] signed = new byte[54 + 648];
    ByteBuffer header = ByteBuffer.wrap(signed).order(ByteOrder.LITTLE_ENDIAN);
    header.putShort((short) 5).putShort((short) 2).putInt(0x81);
    header.position(12);
    header.put(HexFormat.of().parseHex("939a7233f79c4ca9940a0db3957f0607"));
    header.putShort(48, (short) 3).putInt(50, 648);
    signed[54] = (byte) launchSvn;
    signed[55] = 1;
    signed[54 + 584] = (byte) currentSvn;
    signed[54 + 585] = 1;

    KeyPair attestation = CertificateMaker.keys("secp256r1");
    byte[] key = point((ECPublicKey) attestation.getPublic());
    byte[] authentication = {1, 2, 3};
    byte[] report = new byte[384];
    report[48] = 0x11;
    Arrays.fill(report, 128, 160, (byte) 0xab);
    report[256] = 2;
    report[258] = 4;
    System.arraycopy(Signatures.sha256(key, authentication), 0, report, 320, 32);
    byte[] chain = pem(pck.certificate(), pckCa.certificate(), root.certificate());

    ByteArrayOutputStream inner = new ByteArrayOutputStream();
    inner.writeBytes(report);
    inner.writeBytes(CertificateMaker.sign(ES256, pck.keys().getPrivate(), report));
    inner.writeBytes(little(authentication.length, 2));
    inner.writeBytes(authentication);
    inner.writeBytes(little(5, 2));
    inner.writeBytes(little(chain.length, 4));
    inner.writeBytes(chain);

    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(signed);
    out.writeBytes(little(128 + 6 + inner.size(), 4));
    out.writeBytes(CertificateMaker.sign(ES256, attestation.getPrivate(), signed));
    out.writeBytes(key);
    out.writeBytes(little(6, 2));
    out.writeBytes(little(inner.size(), 4));
    out.writeBytes(inner.toByteArray());
    return out.toByteArray();
  }

  private static byte[] point(ECPublicKey key) {
    byte[] spki = key.getEncoded();
    return Arrays.copyOfRange(spki, spki.length - 64, spki.length);
  }

  private static byte[] pem(X509Certificate... certificates) {
    StringBuilder pem = new StringBuilder();
    for (X509Certificate each : certificates) {
      pem.append("-----BEGIN CERTIFICATE-----\n")
          .append(java.util.Base64.getMimeEncoder().encodeToString(CertificateMaker.encoded(each)))
          .append("\n-----END CERTIFICATE-----\n");
    }
    return pem.toString().getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] little(int value, int bytes) {
    byte[] little = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      little[i] = (byte) (value >> (8 * i));
    }
    return little;
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
