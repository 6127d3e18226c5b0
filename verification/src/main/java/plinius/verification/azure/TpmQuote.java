package plinius.verification.azure;

import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import plinius.seal.SealException;
import plinius.seal.jose.Json;
import plinius.verification.evidence.ByteView;
import plinius.verification.evidence.Findings;
import plinius.verification.evidence.Members;
import plinius.verification.evidence.Refuted;
import plinius.verification.evidence.Signatures;

/** A quote of a TPM 2.0 (TPMS_ATTEST, TPM 2.0 library part 2, 10.12) with the PCRs it is about. */
final class TpmQuote {
  private static final String RSASSA_SHA256 = "SHA256withRSA";
  private static final String MAGIC = "ff544347";
  private static final String TYPE_QUOTE = "8018";
  private static final int SHA256_BYTES = 32;
  private static final int CLOCK_AND_FIRMWARE_BYTES = 17 + 8;
  private static final int ALG_SHA256 = 0x000b;

  private final byte[] message;
  private final byte[] signature;
  private final List<byte[]> pcrs;

  /** Of the member {@code tpm_quote}: message, signature and the 24 SHA-256 PCRs in hex. */
  TpmQuote(Map<String, Object> json) throws Refuted {
    try {
      this.message = HexFormat.of().parseHex(Json.string(json, "message"));
      this.signature = HexFormat.of().parseHex(Json.string(json, "signature"));
      this.pcrs = new ArrayList<>();
      for (Object each : Members.list(json, "pcrs")) {
        pcrs.add(HexFormat.of().parseHex(String.valueOf(each)));
      }
    } catch (SealException | IllegalArgumentException e) {
      throw new Refuted("TPM quote", "not readable", "message, signature and PCRs in hex");
    }
  }

  /** Refutes it unless this key signed it over these PCRs; returns what it was asked to bind. */
  byte[] verify(PublicKey key, Findings findings) throws Refuted {
    findings.require(
        Signatures.verifies(RSASSA_SHA256, key, message, signature),
        "TPM quote signature",
        "not that of HCLAkPub",
        "a valid one (RSASSA, SHA-256)");
    ByteView view = ByteView.of("TPM quote", message);
    findings.require(
        view.hex(0, 6).equals(MAGIC + TYPE_QUOTE),
        "TPM quote kind",
        view.hex(0, 6),
        MAGIC + TYPE_QUOTE);
    int at = 6;
    at += 2 + big16(view, at);
    byte[] bound = view.bytes(at + 2L, big16(view, at));
    at += 2 + bound.length + CLOCK_AND_FIRMWARE_BYTES;
    byte[] selected = selectedPcrs(view, at);
    int digestAt = at + 4 + 2 + 1 + view.u8(at + 6L);
    findings.requireEqual(
        Signatures.sha256(selected),
        view.bytes(digestAt + 2L, big16(view, digestAt)),
        "PCR digest",
        "as the TPM quoted it");
    return bound;
  }

  /** The PCRs by name. */
  Map<String, Object> claims() {
    Map<String, Object> claims = new LinkedHashMap<>();
    for (int i = 0; i < pcrs.size(); i++) {
      claims.put("pcr" + i, HexFormat.of().formatHex(pcrs.get(i)));
    }
    return claims;
  }

  // One selection: u32 count, u16 algorithm, u8 size, then that many bytes of bits.
  private byte[] selectedPcrs(ByteView view, int at) throws Refuted {
    if (big16(view, at) != 0 || big16(view, at + 2) != 1 || big16(view, at + 4) != ALG_SHA256) {
      throw new Refuted("PCR selection", view.hex(at, 6), "one of SHA-256");
    }
    byte[] selected = new byte[0];
    for (int i = 0; i < 8 * view.u8(at + 6L); i++) {
      if ((view.u8(at + 7L + i / 8) >> (i % 8) & 1) == 0) {
        continue;
      }
      if (i >= pcrs.size() || pcrs.get(i).length != SHA256_BYTES) {
        throw new Refuted("PCR " + i, "missing", "32 bytes");
      }
      selected = Arrays.copyOf(selected, selected.length + SHA256_BYTES);
      System.arraycopy(pcrs.get(i), 0, selected, selected.length - SHA256_BYTES, SHA256_BYTES);
    }
    return selected;
  }

  private static int big16(ByteView view, int at) throws Refuted {
    return view.u8(at) << 8 | view.u8(at + 1L);
  }
}
