package plinius.verification;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import plinius.testkit.tee.CertificateMaker;
import plinius.testkit.tee.CertificateMaker.Identity;
import plinius.verification.evidence.Cbor;
import plinius.verification.evidence.Claims;
import plinius.verification.evidence.Endorsements;
import plinius.verification.evidence.TrustAnchors;

/** Nitro documents of an enclave that we make up ourselves, and bytes that are none. */
class NitroVerificationTest {
  private static final Instant AT = Instant.parse("2026-01-31T00:00:00Z");
  private static final byte[] ES384_HEADER = {(byte) 0xa1, 0x01, 0x38, 0x22};

  private final Identity root = CertificateMaker.root("aws.nitro-enclaves");
  private final Identity region = CertificateMaker.authority("region", root);
  private final Identity instance =
      CertificateMaker.leaf("instance", "secp384r1", region, Map.of());

  @Test
  void a_document_of_either_form_says_its_registers() {
    for (boolean tagged : new boolean[] {false, true}) {
      Verification verification = verify(document(7, tagged, ES384_HEADER));
      assertThat(verification).isInstanceOf(Verification.Genuine.class);
      Claims claims = ((Verification.Genuine) verification).claims();

      assertThat(claims.measurement()).isEqualTo("07".repeat(48));
      assertThat(claims.value("debug")).contains(false);
      assertThat(claims.value("user-data")).contains("0a0b");
      assertThat(claims.bound().orElseThrow().hex()).isEqualTo("0a0b" + "00".repeat(62));
    }
  }

  @Test
  void registers_of_zeros_are_debug_mode() {
    Claims claims = ((Verification.Genuine) verify(document(0, false, ES384_HEADER))).claims();

    assertThat(claims.value("debug")).contains(true);
  }

  @Test
  void each_flipped_byte_is_noticed() {
    byte[] document = document(7, true, ES384_HEADER);
    for (int at = 0; at < document.length; at++) {
      byte[] flipped = document.clone();
      flipped[at] ^= (byte) (1 << (at % 8));
      assertThat(verify(flipped)).as("byte " + at).isInstanceOf(Verification.NotGenuine.class);
    }
  }

  @Test
  void another_algorithm_is_refused_by_name() {
    byte[] es256 = {(byte) 0xa1, 0x01, 0x26};

    assertThat(((Verification.NotGenuine) verify(document(7, false, es256))).field())
        .isEqualTo("COSE header");
  }

  @Test
  void a_root_that_the_document_brings_along_is_not_believed() {
    Verification refused =
        new Verifier().verifyFile(document(7, false, ES384_HEADER), Endorsements.none(), AT);

    assertThat(refused.findings()).contains("COSE signature");
    assertThat(((Verification.NotGenuine) refused).field()).isEqualTo("Nitro chain");
  }

  @Test
  void no_bytes_at_all_bring_a_verifier_to_fail() {
    String given = System.getProperty("test.seed", "");
    long seed = given.isEmpty() ? System.nanoTime() : Long.parseLong(given);
    Random random = new Random(seed);
    byte[][] beginnings = {
      {},
      {(byte) 0x84},
      {(byte) 0xd2, (byte) 0x84},
      {'{', '"'},
      {'H', 'C', 'L', 'A'},
      {0x30},
      {3, 0, 2, 0},
      {4, 0, 2, 0, (byte) 0x81},
      {5, 0, 2, 0},
      {'-', '-', '-', '-', '-'}
    };
    byte[] document = document(7, true, ES384_HEADER);
    for (int i = 0; i < 5_000; i++) {
      byte[] bytes = new byte[random.nextInt(2000) + 1];
      random.nextBytes(bytes);
      byte[] beginning = beginnings[i % beginnings.length];
      System.arraycopy(beginning, 0, bytes, 0, Math.min(beginning.length, bytes.length));
      if (i % 4 == 0) {
        bytes = document.clone();
        for (int flips = 0; flips < 4; flips++) {
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
      }
      assertThat(verify(bytes))
          .as("-Dtest.seed=" + seed)
          .satisfiesAnyOf(
              each -> assertThat(each).isInstanceOf(Verification.NotGenuine.class),
              // Four random bytes may be the four that were there.
              each -> assertThat(each).isEqualTo(verify(document)));
    }
  }

  private Verification verify(byte[] document) {
    TrustAnchors anchors = new TrustAnchors(List.of(), List.of(), List.of(root.certificate()));
    return new Verifier(anchors).verifyFile(document, Endorsements.none(), AT);
  }

  private byte[] document(int pcr, boolean tagged, byte[] header) {
    ByteArrayOutputStream payload = new ByteArrayOutputStream();
    // An indefinite map, as real documents have it.
    payload.write(0xbf);
    text(payload, "module_id");
    text(payload, "i-0-enc0");
    text(payload, "digest");
    text(payload, "SHA384");
    text(payload, "timestamp");
    payload.write(0x1a);
    payload.writeBytes(new byte[] {0x60, 0, 0, 0});
    text(payload, "pcrs");
    payload.write(0xa3);
    for (int i = 0; i < 3; i++) {
      byte[] register = new byte[48];
      Arrays.fill(register, (byte) pcr);
      payload.write(i);
      bytes(payload, register);
    }
    text(payload, "certificate");
    bytes(payload, CertificateMaker.encoded(instance.certificate()));
    text(payload, "cabundle");
    payload.write(0x82);
    bytes(payload, CertificateMaker.encoded(root.certificate()));
    bytes(payload, CertificateMaker.encoded(region.certificate()));
    text(payload, "user_data");
    bytes(payload, new byte[] {0x0a, 0x0b});
    text(payload, "nonce");
    payload.write(0xf6);
    payload.write(0xff);

    byte[] content = payload.toByteArray();
    byte[] signature =
        CertificateMaker.sign(
            "SHA384withECDSAinP1363Format",
            instance.keys().getPrivate(),
            Cbor.arrayOf("Signature1", header, new byte[0], content));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    if (tagged) {
      out.write(0xd2);
    }
    out.write(0x84);
    bytes(out, header);
    out.write(0xa0);
    bytes(out, content);
    bytes(out, signature);
    return out.toByteArray();
  }

  private static void text(ByteArrayOutputStream out, String text) {
    out.write(0x60 | text.length());
    out.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static void bytes(ByteArrayOutputStream out, byte[] bytes) {
    if (bytes.length < 24) {
      out.write(0x40 | bytes.length);
    } else {
      out.write(0x59);
      out.write(bytes.length >> 8);
      out.write(bytes.length);
    }
    out.writeBytes(bytes);
  }
}
