package plinius.verification.nitro;

import java.security.cert.X509Certificate;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;
import plinius.verification.evidence.Cbor;
import plinius.verification.evidence.CborFields;
import plinius.verification.evidence.Certificates;
import plinius.verification.evidence.Chains;
import plinius.verification.evidence.Claims;
import plinius.verification.evidence.Endorsements;
import plinius.verification.evidence.Findings;
import plinius.verification.evidence.Refuted;
import plinius.verification.evidence.Signatures;

/**
 * Verifies attestation documents of AWS Nitro Enclaves (aws-nitro-enclaves-nsm-api,
 * attestation_process.md): COSE_Sign1 (RFC 9052) over a CBOR map that brings its own chain, whose
 * leaf lives three hours.
 */
public final class NitroVerifier {
  private static final String DOCUMENT = "Nitro document";
  private static final int PCRS_MAX = 32;
  private static final Set<Integer> PCR_BYTES = Set.of(32, 48, 64);
  private static final int CHAIN_MAX = 8;
  private static final int PUBLIC_KEY_BYTES_MAX = 1024;
  private static final int FREE_BYTES_MAX = 512;
  private static final int IMAGE_PCRS = 3;

  private final List<X509Certificate> roots;

  public NitroVerifier(List<X509Certificate> roots) {
    this.roots = List.copyOf(roots);
  }

  /** Verifies a document at an instant; the checks that hold go to {@code findings}. */
  public Claims verify(byte[] bytes, Endorsements endorsements, Instant at, Findings findings)
      throws Refuted {
    CoseSign1 cose = CoseSign1.parse(DOCUMENT, bytes);
    CborFields document = new CborFields(DOCUMENT, Cbor.parse(DOCUMENT, cose.payload()));
    findings.passed("COSE layout");
    X509Certificate leaf = Certificates.ofDer("Nitro certificate", document.bytes("certificate"));
    findings.require(
        Signatures.verifies(Signatures.ES384, leaf.getPublicKey(), cose.signed(), cose.signature()),
        "COSE signature",
        "not that of the document's certificate",
        "a valid one (ES384)");
    new Chains(roots, endorsements.with(bundle(document)), at)
        .validate("Nitro chain", leaf, Chains.Revocation.WHERE_LISTED);
    findings.passed("Nitro chain");
    findings.require(
        document.text("digest").equals("SHA384"), "digest", document.text("digest"), "SHA384");
    return claims(document);
  }

  private static List<X509Certificate> bundle(CborFields document) throws Refuted {
    List<?> bundle = document.list("cabundle");
    if (bundle.isEmpty() || bundle.size() > CHAIN_MAX) {
      throw new Refuted("cabundle", bundle.size() + " certificates", "1 to " + CHAIN_MAX);
    }
    List<X509Certificate> certificates = new ArrayList<>();
    for (Object each : bundle) {
      if (!(each instanceof byte[] der)) {
        throw new Refuted("cabundle", "something but bytes", "certificates");
      }
      certificates.add(Certificates.ofDer("cabundle", der));
    }
    return certificates;
  }

  private static Claims claims(CborFields document) throws Refuted {
    Map<String, Object> values = new LinkedHashMap<>();
    boolean debug = true;
    for (Map.Entry<Long, byte[]> pcr : pcrs(document).entrySet()) {
      byte[] value = pcr.getValue();
      values.put("pcr" + pcr.getKey(), HexFormat.of().formatHex(value));
      // An enclave in debug mode has zeros where its image's measurements would be.
      debug &= pcr.getKey() >= IMAGE_PCRS || Arrays.equals(value, new byte[value.length]);
    }
    values.put("debug", debug);
    values.put("module-id", document.text("module_id"));
    values.put("timestamp", timestamp(document).toString());
    Optional<byte[]> userData = document.optionalBytes("user_data", FREE_BYTES_MAX);
    put(values, "user-data", userData);
    put(values, "nonce", document.optionalBytes("nonce", FREE_BYTES_MAX));
    put(values, "public-key", document.optionalBytes("public_key", PUBLIC_KEY_BYTES_MAX));
    return new Claims(
        TeeKind.NITRO,
        (String) values.getOrDefault("pcr0", ""),
        userData
            .filter(value -> value.length <= ReportData.BYTES)
            .map(value -> ReportData.of(Arrays.copyOf(value, ReportData.BYTES))),
        "AWS Nitro " + document.text("module_id"),
        values);
  }

  private static void put(Map<String, Object> values, String name, Optional<byte[]> bytes) {
    bytes.ifPresent(value -> values.put(name, HexFormat.of().formatHex(value)));
  }

  private static Map<Long, byte[]> pcrs(CborFields document) throws Refuted {
    Map<Long, byte[]> pcrs = new TreeMap<>();
    for (Map.Entry<?, ?> each : document.map("pcrs").entrySet()) {
      if (!(each.getKey() instanceof Long index)
          || index < 0
          || index >= PCRS_MAX
          || !(each.getValue() instanceof byte[] value)
          || !PCR_BYTES.contains(value.length)) {
        throw new Refuted("PCRs", "malformed", "0 to 31 with 32, 48 or 64 bytes each");
      }
      pcrs.put(index, value);
    }
    if (pcrs.isEmpty()) {
      throw new Refuted("PCRs", "none", "at least one");
    }
    return pcrs;
  }

  private static Instant timestamp(CborFields document) throws Refuted {
    try {
      return Instant.ofEpochMilli(document.number("timestamp"));
    } catch (DateTimeException e) {
      throw new Refuted("timestamp", "no instant", "milliseconds since 1970");
    }
  }
}
