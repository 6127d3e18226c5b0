package plinius.verification;

import static org.assertj.core.api.Assertions.assertThat;
import static plinius.testkit.tee.CertificateMaker.text;
import static plinius.testkit.tee.MadeUpSnp.ARC;
import static plinius.testkit.tee.MadeUpSnp.TURIN_FAMILY;
import static plinius.testkit.tee.MadeUpSnp.extensions;
import static plinius.testkit.tee.MadeUpSnp.report;
import static plinius.testkit.tee.MadeUpSnp.signed;

import java.security.cert.X509CRL;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import plinius.testkit.tee.CertificateMaker;
import plinius.testkit.tee.CertificateMaker.Identity;
import plinius.testkit.tee.MadeUpSnp;
import plinius.verification.evidence.Claims;
import plinius.verification.evidence.Endorsements;
import plinius.verification.evidence.TrustAnchors;

/** SEV-SNP reports of chips that we make up ourselves, Turin's among them. */
class SnpVerificationTest {
  private static final Instant AT = MadeUpSnp.AT;
  private static final byte[] TURIN_CHIP = MadeUpSnp.chip();
  private static final int FAMILY_19 = 0x19;

  private final MadeUpSnp platform = new MadeUpSnp();
  private final Identity root = platform.root;
  private final Identity ask = platform.ask;
  private final Identity vcek = platform.vcek;

  @Test
  void a_report_of_turin_has_its_versions_and_its_short_chip_id() {
    for (int version = 3; version <= 5; version++) {
      Verification verification = verify(signed(report(version, TURIN_FAMILY), vcek), vcek);
      assertThat(verification).isInstanceOf(Verification.Genuine.class);
      Claims claims = ((Verification.Genuine) verification).claims();

      assertThat(claims.value("product")).contains("Turin");
      assertThat(claims.value("reported-tcb")).contains("fmc:1 bl:2 tee:3 snp:4 ucode:200");
      assertThat(claims.value("report-version")).contains((long) version);
      assertThat(claims.value("debug")).contains(false);
      assertThat(claims.value("launch-mitigations").isPresent()).isEqualTo(version == 5);
    }
  }

  @Test
  void a_report_newer_than_we_know_is_verified_and_accepted_only_where_the_policy_says_so() {
    Verification newer = verify(signed(report(6, TURIN_FAMILY), vcek), vcek);
    assertThat(newer).isInstanceOf(Verification.Genuine.class);
    String policy = "[snp]\nmeasurement = " + "00".repeat(48) + "\n";

    assertThat(appraise(newer, policy))
        .isEqualTo(new Appraisal.Rejected("newer-report", "true", "false"));
    assertThat(appraise(newer, policy + "allow-newer-report = yes"))
        .isInstanceOf(Appraisal.Accepted.class);
    assertThat(appraise(verify(signed(report(5, TURIN_FAMILY), vcek), vcek), policy))
        .isInstanceOf(Appraisal.Accepted.class);
  }

  private static Appraisal appraise(Verification verification, String policy) {
    return PolicyFile.parse("test", policy).appraise(verification, Optional.empty(), AT);
  }

  @Test
  void each_flipped_byte_of_the_report_is_noticed() {
    byte[] signed = signed(report(4, TURIN_FAMILY), vcek);
    for (int at = 0; at < 0x2a0 + 144; at += 3) {
      byte[] flipped = signed.clone();
      flipped[at] ^= (byte) (1 << (at % 8));
      assertThat(verify(flipped, vcek))
          .as("byte " + at)
          .isInstanceOf(Verification.NotGenuine.class);
    }
  }

  @Test
  void another_chip_another_version_and_another_product_are_refused() {
    byte[] otherChip = report(4, TURIN_FAMILY);
    otherChip[0x1a0] ^= 1;
    byte[] longChip = report(4, TURIN_FAMILY);
    longChip[0x1a0 + 20] = 1;
    byte[] olderFirmware = report(4, TURIN_FAMILY);
    olderFirmware[0x180 + 3]--;
    byte[] masked = report(4, TURIN_FAMILY);
    Arrays.fill(masked, 0x1a0, 0x1e0, (byte) 0);

    assertThat(field(otherChip)).isEqualTo("chip id");
    assertThat(field(longChip)).isEqualTo("chip id");
    assertThat(field(olderFirmware)).isEqualTo("reported TCB");
    assertThat(field(report(4, FAMILY_19))).isEqualTo("product");
    assertThat(field(masked)).isEmpty();
  }

  @Test
  void a_key_of_a_cloud_does_not_pass_for_a_chip() {
    byte[] asCloud = report(4, TURIN_FAMILY);
    asCloud[0x48] = 1 << 2;
    Map<String, byte[]> provider = extensions("Turin", TURIN_CHIP);
    provider.remove(ARC + "4");
    provider.put(ARC + "5", text("CN=cloud"));
    Identity wrongIssuer = CertificateMaker.leaf("SEV-VLEK", "secp384r1", ask, provider);

    assertThat(field(asCloud)).isEqualTo("signing key");
    assertThat(
            ((Verification.NotGenuine) verify(signed(asCloud, wrongIssuer), wrongIssuer)).field())
        .isEqualTo("VEK issuer");
  }

  @Test
  void a_key_certified_for_another_product_is_refused() {
    Identity genoa =
        CertificateMaker.leaf("SEV-VCEK", "secp384r1", ask, extensions("Genoa", new byte[64]));

    assertThat(((Verification.NotGenuine) verify(signed(report(2, 0), genoa), genoa)).field())
        .isEqualTo("VEK issuer");
  }

  @Test
  void a_revoked_intermediate_is_refused_and_a_foreign_root_too() {
    X509CRL list = CertificateMaker.revocationList(root, CertificateMaker.UNTIL, ask.certificate());
    Endorsements revoked =
        new Endorsements(
            List.of(vcek.certificate(), ask.certificate()), List.of(list), List.of(), List.of());
    byte[] report = signed(report(4, TURIN_FAMILY), vcek);
    Verification foreign = new Verifier().verifyFile(report, endorsements(vcek), AT);

    assertThat(((Verification.NotGenuine) verifier().verifyFile(report, revoked, AT)).field())
        .isEqualTo("SEV-Turin");
    assertThat(((Verification.NotGenuine) foreign).field()).isEqualTo("VEK chain");
  }

  @Test
  void without_its_certificate_the_message_says_where_to_get_it() {
    Verification missing =
        verifier().verifyFile(signed(report(4, TURIN_FAMILY), vcek), Endorsements.none(), AT);

    assertThat(((Verification.NotGenuine) missing).want())
        .contains("/Turin/0102030405060708?fmcSPL=1&blSPL=2&teeSPL=3&snpSPL=4&ucodeSPL=200");
  }

  private Verifier verifier() {
    return new Verifier(new TrustAnchors(List.of(), List.of(root.certificate()), List.of()));
  }

  private Endorsements endorsements(Identity key) {
    return Endorsements.none().with(List.of(key.certificate(), ask.certificate()));
  }

  private Verification verify(byte[] report, Identity key) {
    return verifier().verifyFile(report, endorsements(key), AT);
  }

  private String field(byte[] unsigned) {
    return verify(signed(unsigned, vcek), vcek) instanceof Verification.NotGenuine not
        ? not.field()
        : "";
  }
}
