package plinius.verification.amd;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import plinius.seal.SealException;
import plinius.seal.jose.Json;
import plinius.verification.evidence.Members;
import plinius.verification.evidence.Refuted;

/**
 * A report as KBS messages carry it: the members of crate sev's {@code AttestationReport} by name,
 * as Trustee's guest components write them. The 1184 bytes are rebuilt, for those were signed.
 */
public final class SnpReportJson {
  private static final int TURIN_FAMILY = 0x1a;

  private SnpReportJson() {}

  /** The report's bytes. */
  public static byte[] bytes(Map<String, Object> report) throws Refuted {
    try {
      ByteBuffer out = ByteBuffer.allocate(SnpReport.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      u32(out, 0x00, report, "version");
      u32(out, 0x04, report, "guest_svn");
      out.putLong(0x08, Members.number(report, "policy"));
      array(out, 0x10, 16, report, "family_id");
      array(out, 0x20, 16, report, "image_id");
      u32(out, 0x30, report, "vmpl");
      u32(out, 0x34, report, "sig_algo");
      out.putLong(0x40, Members.number(report, "plat_info"));
      u32(out, 0x48, report, "key_info");
      array(out, 0x50, 64, report, "report_data");
      array(out, 0x90, 48, report, "measurement");
      array(out, 0xc0, 32, report, "host_data");
      array(out, 0xe0, 48, report, "id_key_digest");
      array(out, 0x110, 48, report, "author_key_digest");
      array(out, 0x140, 32, report, "report_id");
      array(out, 0x160, 32, report, "report_id_ma");
      boolean turin = optional(out, 0x188, report, "cpuid_fam_id") == TURIN_FAMILY;
      optional(out, 0x189, report, "cpuid_mod_id");
      optional(out, 0x18a, report, "cpuid_step");
      tcb(out, 0x38, report, "current_tcb", turin);
      tcb(out, 0x180, report, "reported_tcb", turin);
      tcb(out, 0x1e0, report, "committed_tcb", turin);
      tcb(out, 0x1f0, report, "launch_tcb", turin);
      array(out, 0x1a0, 64, report, "chip_id");
      version(out, 0x1e8, Json.object(report, "current"));
      version(out, 0x1ec, Json.object(report, "committed"));
      mitigations(out, 0x1f8, report, "launch_mit_vector");
      mitigations(out, 0x200, report, "current_mit_vector");
      Map<String, Object> signature = Json.object(report, "signature");
      array(out, SnpReport.SIGNED_BYTES, 72, signature, "r");
      array(out, SnpReport.SIGNED_BYTES + 72, 72, signature, "s");
      return out.array();
    } catch (SealException e) {
      throw new Refuted("attestation_report", e.getMessage(), "the members of an SNP report");
    }
  }

  /** A member that is a list of byte values. */
  public static byte[] byteList(String what, Object value) throws Refuted {
    if (!(value instanceof List<?> list)) {
      throw new Refuted(what, "no list", "byte values");
    }
    byte[] bytes = new byte[list.size()];
    for (int i = 0; i < bytes.length; i++) {
      if (!(list.get(i) instanceof Long each) || each < 0 || each > 255) {
        throw new Refuted(what, "a list with other than bytes", "values of 0 to 255");
      }
      bytes[i] = each.byteValue();
    }
    return bytes;
  }

  private static void u32(ByteBuffer out, int at, Map<String, Object> report, String name)
      throws Refuted {
    long value = Members.number(report, name);
    if (value < 0 || value > 0xffffffffL) {
      throw new Refuted(name, Long.toString(value), "32 bits");
    }
    out.putInt(at, (int) value);
  }

  private static void array(
      ByteBuffer out, int at, int length, Map<String, Object> report, String name) throws Refuted {
    byte[] bytes = byteList(name, report.get(name));
    if (bytes.length != length) {
      throw new Refuted(name, bytes.length + " bytes", length + " bytes");
    }
    out.put(at, bytes);
  }

  private static long optional(ByteBuffer out, int at, Map<String, Object> object, String name)
      throws Refuted {
    if (!(object.get(name) instanceof Long value)) {
      return 0;
    }
    if (value < 0 || value > 255) {
      throw new Refuted(name, Long.toString(value), "a byte");
    }
    out.put(at, value.byteValue());
    return value;
  }

  private static void tcb(
      ByteBuffer out, int at, Map<String, Object> report, String name, boolean turin)
      throws Refuted {
    Map<String, Object> tcb = Json.object(report, name);
    int first = turin ? at + 1 : at;
    if (turin) {
      optional(out, at, tcb, "fmc");
    }
    optional(out, first, tcb, "bootloader");
    optional(out, first + 1, tcb, "tee");
    optional(out, turin ? at + 3 : at + 6, tcb, "snp");
    optional(out, at + 7, tcb, "microcode");
  }

  private static void version(ByteBuffer out, int at, Map<String, Object> version) throws Refuted {
    optional(out, at, version, "build");
    optional(out, at + 1, version, "minor");
    optional(out, at + 2, version, "major");
  }

  private static void mitigations(ByteBuffer out, int at, Map<String, Object> report, String name) {
    if (report.get(name) instanceof Long vector) {
      out.putLong(at, vector);
    }
  }
}
