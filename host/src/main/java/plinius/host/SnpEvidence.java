package plinius.host;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;

/**
 * Evidence of SEV-SNP from the form in which an enclave gives it, the kernel's bytes in base64, to
 * the one that key brokers read: the fields of {@code AttestationReport} of the Rust crate sev 7,
 * as serde writes them, and the certificates that lay beside it (AMD 56421, GHCB specification,
 * "SNP Extended Guest Request"). Offsets are those of AMD 56860.
 *
 * <p>The report is signed by the processor and whoever reads this form rebuilds its bytes, so that
 * nobody need trust who translated it.
 */
public final class SnpEvidence {
  /** The member with the report's bytes; in the other form an object has the same name. */
  public static final String REPORT = "attestation_report";

  /** The member with the host's table of certificates. */
  public static final String TABLE = "cert_table";

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(32).build())
          .build();
  private static final int REPORT_BYTES = 1184;
  private static final int TABLE_ENTRY_BYTES = 24;
  private static final int TURIN_FAMILY = 0x1a;
  private static final Map<String, String> CERTIFICATES =
      Map.of(
          "63da758d-e664-4564-adc5-f4b93be8accd", "VCEK",
          "a8074bc2-a25a-483e-aae6-39c045a0b8a1", "VLEK",
          "4ab7b379-bbac-4fe4-a02f-05aef327c782", "ASK",
          "c0b406a4-a803-4952-9743-3fb6014cd0ae", "ARK");

  private final JsonGenerator out;
  private final ByteBuffer raw;

  private SnpEvidence(JsonGenerator out, byte[] report) {
    this.out = out;
    this.raw = ByteBuffer.wrap(report).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Translates each report inside a JSON text; everything else stays as it is.
   *
   * @throws HostException.Internal if a report or a table has not the size or form that it must
   */
  public static byte[] translate(byte[] json) {
    ByteArrayOutputStream target = new ByteArrayOutputStream(json.length);
    try (JsonParser in = JSON.createParser(json);
        JsonGenerator out = JSON.createGenerator(target)) {
      for (JsonToken token = in.nextToken(); token != null; token = in.nextToken()) {
        boolean bytes = token == JsonToken.VALUE_STRING && in.currentName() != null;
        if (bytes && in.currentName().equals(REPORT)) {
          report(out, in.getBinaryValue());
        } else if (token == JsonToken.FIELD_NAME && in.currentName().equals(TABLE)) {
          in.nextToken();
          out.writeFieldName("cert_chain");
          certificates(out, in.getBinaryValue());
        } else {
          out.copyCurrentEvent(in);
        }
      }
    } catch (IOException e) {
      throw new HostException.Internal("the enclave's evidence is not JSON: " + e.getMessage(), e);
    }
    return target.toByteArray();
  }

  private static void report(JsonGenerator out, byte[] report) throws IOException {
    if (report.length != REPORT_BYTES) {
      throw new HostException.Internal(
          "the kernel's SNP report has " + report.length + " bytes, want " + REPORT_BYTES, null);
    }
    new SnpEvidence(out, report).members();
  }

  private void members() throws IOException {
    int version = raw.getInt(0);
    boolean hasCpuid = version >= 3;
    out.writeStartObject();
    u32("version", 0);
    u32("guest_svn", 0x04);
    u64("policy", 0x08);
    bytes("family_id", 0x10, 16);
    bytes("image_id", 0x20, 16);
    u32("vmpl", 0x30);
    u32("sig_algo", 0x34);
    tcb("current_tcb", 0x38, hasCpuid);
    u64("plat_info", 0x40);
    u32("key_info", 0x48);
    bytes("report_data", 0x50, 64);
    bytes("measurement", 0x90, 48);
    bytes("host_data", 0xc0, 32);
    bytes("id_key_digest", 0xe0, 48);
    bytes("author_key_digest", 0x110, 48);
    bytes("report_id", 0x140, 32);
    bytes("report_id_ma", 0x160, 32);
    tcb("reported_tcb", 0x180, hasCpuid);
    u8("cpuid_fam_id", 0x188, hasCpuid);
    u8("cpuid_mod_id", 0x189, hasCpuid);
    u8("cpuid_step", 0x18a, hasCpuid);
    bytes("chip_id", 0x1a0, 64);
    tcb("committed_tcb", 0x1e0, hasCpuid);
    firmware("current", 0x1e8);
    firmware("committed", 0x1ec);
    tcb("launch_tcb", 0x1f0, hasCpuid);
    mitigations("launch_mit_vector", 0x1f8, version);
    mitigations("current_mit_vector", 0x200, version);
    out.writeObjectFieldStart("signature");
    bytes("r", 0x2a0, 72);
    bytes("s", 0x2e8, 72);
    out.writeEndObject();
    out.writeEndObject();
  }

  private void u8(String name, int offset, boolean there) throws IOException {
    if (there) {
      out.writeNumberField(name, raw.get(offset) & 0xff);
    } else {
      out.writeNullField(name);
    }
  }

  private void u32(String name, int offset) throws IOException {
    out.writeNumberField(name, Integer.toUnsignedLong(raw.getInt(offset)));
  }

  private void u64(String name, int offset) throws IOException {
    out.writeNumberField(name, raw.getLong(offset));
  }

  private void bytes(String name, int offset, int count) throws IOException {
    out.writeFieldName(name);
    numbers(out, raw, offset, count);
  }

  private static void numbers(JsonGenerator out, ByteBuffer from, int offset, int count)
      throws IOException {
    out.writeStartArray();
    for (int i = 0; i < count; i++) {
      out.writeNumber(from.get(offset + i) & 0xff);
    }
    out.writeEndArray();
  }

  // From Turin on with the FMC's version, and in another order.
  private void tcb(String name, int offset, boolean hasCpuid) throws IOException {
    boolean hasFmc = hasCpuid && (raw.get(0x188) & 0xff) >= TURIN_FAMILY;
    int next = hasFmc ? offset + 1 : offset;
    out.writeObjectFieldStart(name);
    u8("fmc", offset, hasFmc);
    u8("bootloader", next, true);
    u8("tee", next + 1, true);
    u8("snp", hasFmc ? next + 2 : offset + 6, true);
    u8("microcode", offset + 7, true);
    out.writeEndObject();
  }

  private void firmware(String name, int offset) throws IOException {
    out.writeObjectFieldStart(name);
    u8("build", offset, true);
    u8("minor", offset + 1, true);
    u8("major", offset + 2, true);
    out.writeEndObject();
  }

  private void mitigations(String name, int offset, int version) throws IOException {
    if (version >= 5) {
      u64(name, offset);
    } else {
      out.writeNullField(name);
    }
  }

  /** Entries of GUID (16), offset (u32), bytes (u32), up to one of zeros. The host made them. */
  private static void certificates(JsonGenerator out, byte[] table) throws IOException {
    ByteBuffer raw = ByteBuffer.wrap(table).order(ByteOrder.LITTLE_ENDIAN);
    boolean any = false;
    for (int at = 0; at + TABLE_ENTRY_BYTES <= table.length; at += TABLE_ENTRY_BYTES) {
      String guid = guid(raw, at);
      long offset = Integer.toUnsignedLong(raw.getInt(at + 16));
      long bytes = Integer.toUnsignedLong(raw.getInt(at + 20));
      if (guid.equals("00000000-0000-0000-0000-000000000000")) {
        break;
      }
      if (offset + bytes > table.length) {
        throw new HostException.Internal(
            "the kernel's certificate table of %d bytes names one at %d of %d"
                .formatted(table.length, offset, bytes),
            null);
      }
      if (CERTIFICATES.containsKey(guid)) {
        if (!any) {
          out.writeStartArray();
        }
        any = true;
        out.writeStartObject();
        out.writeStringField("cert_type", CERTIFICATES.get(guid));
        out.writeFieldName("data");
        numbers(out, raw, (int) offset, (int) bytes);
        out.writeEndObject();
      }
    }
    if (any) {
      out.writeEndArray();
    } else {
      out.writeNull();
    }
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
}
