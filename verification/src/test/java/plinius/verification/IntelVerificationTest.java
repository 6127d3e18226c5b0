package plinius.verification;

import static org.assertj.core.api.Assertions.assertThat;
import static plinius.testkit.tee.MadeUpTdx.levels;
import static plinius.testkit.tee.MadeUpTdx.tcbInfo;

import java.security.cert.X509CRL;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import plinius.testkit.tee.CertificateMaker;
import plinius.testkit.tee.CertificateMaker.Identity;
import plinius.testkit.tee.MadeUpTdx;
import plinius.verification.evidence.Claims;
import plinius.verification.evidence.Endorsements;
import plinius.verification.evidence.TrustAnchors;

/** TDX quotes of a platform that we make up ourselves, with all that Intel says about it. */
class IntelVerificationTest {
  private static final Instant AT = MadeUpTdx.AT;
  private static final Instant LIST_UNTIL = MadeUpTdx.LIST_UNTIL;

  private final MadeUpTdx platform = new MadeUpTdx();
  private final Identity root = platform.root;
  private final Identity pckCa = platform.pckCa;
  private final Identity pck = platform.pck;
  private final Identity signer = platform.signer;

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

  // Intel publishes advisories a level; the vectors list those of the platform's level. What
  // applies
  // is all of them, so that is what a policy judges; the platform's alone has a name of its own.
  @Test
  void advisories_are_those_of_all_parts_and_the_platforms_own_are_told_apart() {
    String info = levels("OutOfDate", 200, "\"PLATFORM-SA-2\",\"PLATFORM-SA-1\"");
    Verification verification =
        verifier().verifyFile(quote(2, 2), endorsements(tcbInfo(info, signer), "UpToDate"), AT);
    Claims claims = ((Verification.Genuine) verification).claims();

    assertThat(claims.value("advisories"))
        .contains(List.of("MODULE-SA-1", "PLATFORM-SA-1", "PLATFORM-SA-2"));
    assertThat(claims.value("platform-advisories"))
        .contains(List.of("PLATFORM-SA-1", "PLATFORM-SA-2"));
    assertThat(appraised(verification, "only-advisories = PLATFORM-SA-1 PLATFORM-SA-2"))
        .isEqualTo(
            new Appraisal.Rejected(
                "advisories",
                "[MODULE-SA-1]",
                "none but " + "one of [PLATFORM-SA-1, PLATFORM-SA-2]"));
    assertThat(appraised(verification, "only-advisories = MODULE-SA-1 PLATFORM-SA-1 PLATFORM-SA-2"))
        .isInstanceOf(Appraisal.Accepted.class);
  }

  @Test
  void the_older_evaluation_of_tcb_info_and_qe_identity_counts() {
    Endorsements all = endorsements(tcbInfo(levels("UpToDate", 200), signer), "UpToDate");
    Endorsements mixed =
        new Endorsements(
            all.certificates(),
            all.revocationLists(),
            all.tcbInfos(),
            List.of(platform.qeIdentity("UpToDate", 12)));

    assertThat(claims(all).value("tcb-evaluation-number")).contains(17L);
    assertThat(claims(mixed).value("tcb-evaluation-number")).contains(12L);
  }

  private Claims claims(Endorsements endorsements) {
    return ((Verification.Genuine) verifier().verifyFile(quote(3, 3), endorsements, AT)).claims();
  }

  private static Appraisal appraised(Verification verification, String line) {
    String policy = "[tdx]\nmrtd = " + "00".repeat(48) + "\ntcb-status = OutOfDate\n" + line;
    return PolicyFile.parse("test", policy).appraise(verification, Optional.empty(), AT);
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
        List.of(platform.qeIdentity(qeStatus)));
  }

  private byte[] quote(int launchSvn, int currentSvn) {
    return platform.quote(MadeUpTdx.Domain.plain().at(launchSvn, currentSvn));
  }
}
