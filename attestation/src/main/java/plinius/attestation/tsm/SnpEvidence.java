package plinius.attestation.tsm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import plinius.attestation.AttestationException;
import plinius.seal.jose.Json;

/**
 * A report of SEV-SNP as KBS messages carry it: the fields of {@code AttestationReport} of the Rust
 * crate sev 7, as serde writes them; and the certificates that the host left beside it (AMD 56421,
 * GHCB specification, "SNP Extended Guest Request"). Offsets are those of AMD 56860.
 */
final class SnpEvidence {
  private static final int REPORT_BYTES = 1184;
  private static final int TABLE_ENTRY_BYTES = 24;
  private static final int TURIN_FAMILY = 0x1a;
  private static final Map<String, String> CERTIFICATES =
      Map.of(
          "63da758d-e664-4564-adc5-f4b93be8accd", "VCEK",
          "a8074bc2-a25a-483e-aae6-39c045a0b8a1", "VLEK",
          "4ab7b379-bbac-4fe4-a02f-05aef327c782", "ASK",
          "c0b406a4-a803-4952-9743-3fb6014cd0ae", "ARK");

  private final ByteBuffer raw;

  private SnpEvidence(byte[] report) {
    raw = ByteBuffer.wrap(report).order(ByteOrder.LITTLE_ENDIAN);
  }

  static String json(byte[] report, byte[] table) {
    if (report.length != REPORT_BYTES) {
      throw new AttestationException.PlatformUnusable(
          "the kernel's SNP report has " + report.length + " bytes, want " + REPORT_BYTES);
    }
    List<Object> certificates = certificates(table);
    Map<String, Object> primary = new TreeMap<>();
    primary.put("attestation_report", new SnpEvidence(report).members());
    primary.put("cert_chain", certificates.isEmpty() ? Json.Null.NULL : certificates);
    return Json.write(primary);
  }

  private Map<String, Object> members() {
    long version = raw.getInt(0);
    boolean hasCpuid = version >= 3;
    boolean hasMitigations = version >= 5;
    Map<String, Object> members = new TreeMap<>();
    members.put("version", version);
    members.put("guest_svn", Integer.toUnsignedLong(raw.getInt(0x04)));
    members.put("policy", raw.getLong(0x08));
    members.put("family_id", bytes(0x10, 16));
    members.put("image_id", bytes(0x20, 16));
    members.put("vmpl", Integer.toUnsignedLong(raw.getInt(0x30)));
    members.put("sig_algo", Integer.toUnsignedLong(raw.getInt(0x34)));
    members.put("current_tcb", tcb(0x38, hasCpuid));
    members.put("plat_info", raw.getLong(0x40));
    members.put("key_info", Integer.toUnsignedLong(raw.getInt(0x48)));
    members.put("report_data", bytes(0x50, 64));
    members.put("measurement", bytes(0x90, 48));
    members.put("host_data", bytes(0xc0, 32));
    members.put("id_key_digest", bytes(0xe0, 48));
    members.put("author_key_digest", bytes(0x110, 48));
    members.put("report_id", bytes(0x140, 32));
    members.put("report_id_ma", bytes(0x160, 32));
    members.put("reported_tcb", tcb(0x180, hasCpuid));
    members.put("cpuid_fam_id", hasCpuid ? u8(0x188) : Json.Null.NULL);
    members.put("cpuid_mod_id", hasCpuid ? u8(0x189) : Json.Null.NULL);
    members.put("cpuid_step", hasCpuid ? u8(0x18a) : Json.Null.NULL);
    members.put("chip_id", bytes(0x1a0, 64));
    members.put("committed_tcb", tcb(0x1e0, hasCpuid));
    members.put("current", firmware(0x1e8));
    members.put("committed", firmware(0x1ec));
    members.put("launch_tcb", tcb(0x1f0, hasCpuid));
    members.put("launch_mit_vector", hasMitigations ? raw.getLong(0x1f8) : Json.Null.NULL);
    members.put("current_mit_vector", hasMitigations ? raw.getLong(0x200) : Json.Null.NULL);
    Map<String, Object> signature = new TreeMap<>();
    signature.put("r", bytes(0x2a0, 72));
    signature.put("s", bytes(0x2e8, 72));
    members.put("signature", signature);
    return members;
  }

  private long u8(int offset) {
    return Byte.toUnsignedLong(raw.get(offset));
  }

  private List<Object> bytes(int offset, int count) {
    return numbers(Arrays.copyOfRange(raw.array(), offset, offset + count));
  }

  // From Turin on with the FMC's version, and in another order.
  private Map<String, Object> tcb(int offset, boolean hasCpuid) {
    boolean hasFmc = hasCpuid && u8(0x188) >= TURIN_FAMILY;
    int next = hasFmc ? offset + 1 : offset;
    Map<String, Object> tcb = new TreeMap<>();
    tcb.put("fmc", hasFmc ? u8(offset) : Json.Null.NULL);
    tcb.put("bootloader", u8(next));
    tcb.put("tee", u8(next + 1));
    tcb.put("snp", u8(hasFmc ? next + 2 : offset + 6));
    tcb.put("microcode", u8(offset + 7));
    return tcb;
  }

  private Map<String, Object> firmware(int offset) {
    Map<String, Object> version = new TreeMap<>();
    version.put("build", u8(offset));
    version.put("minor", u8(offset + 1));
    version.put("major", u8(offset + 2));
    return version;
  }

  /** Entries of GUID (16), offset (u32), bytes (u32), up to one of zeros. The host made them. */
  private static List<Object> certificates(byte[] table) {
    ByteBuffer raw = ByteBuffer.wrap(table).order(ByteOrder.LITTLE_ENDIAN);
    List<Object> certificates = new ArrayList<>();
    for (int at = 0; at + TABLE_ENTRY_BYTES <= table.length; at += TABLE_ENTRY_BYTES) {
      String guid = guid(raw, at);
      long offset = Integer.toUnsignedLong(raw.getInt(at + 16));
      long bytes = Integer.toUnsignedLong(raw.getInt(at + 20));
      if (guid.equals("00000000-0000-0000-0000-000000000000")) {
        break;
      }
      if (offset + bytes > table.length) {
        throw new AttestationException.PlatformUnusable(
            "the kernel's certificate table of "
                + table.length
                + " bytes names one at "
                + offset
                + " of "
                + bytes);
      }
      if (CERTIFICATES.containsKey(guid)) {
        Map<String, Object> certificate = new TreeMap<>();
        certificate.put("cert_type", CERTIFICATES.get(guid));
        certificate.put(
            "data", numbers(Arrays.copyOfRange(table, (int) offset, (int) (offset + bytes))));
        certificates.add(certificate);
      }
    }
    return certificates;
  }

  private static String guid(ByteBuffer raw, int at) {
    return "%08x-%04x-%04x-%04x-%012x"
        .formatted(
            raw.getInt(at),
            raw.getShort(at + 4),
            raw.getShort(at + 6),
            Short.reverseBytes(raw.getShort(at + 8)),
            Long.reverseBytes(raw.getLong(at + 8)) & 0xffff_ffff_ffffL);
  }

  private static List<Object> numbers(byte[] bytes) {
    List<Object> numbers = new ArrayList<>(bytes.length);
    for (byte each : bytes) {
      numbers.add(Byte.toUnsignedLong(each));
    }
    return numbers;
  }
}
