package plinius.verification.intel;

import java.util.LinkedHashMap;
import java.util.Map;
import plinius.verification.evidence.ByteView;
import plinius.verification.evidence.Refuted;

/** The body of an SGX report, 384 bytes (Intel SDM volume 3D, REPORT). */
record SgxReport(ByteView body) {
  private static final int DEBUG = 1 << 1;
  private static final int PROVISION_KEY = 1 << 4;

  byte[] all() throws Refuted {
    return body.bytes(0, Quote.REPORT_BYTES);
  }

  long miscselect() throws Refuted {
    return body.u32(16);
  }

  byte[] attributes() throws Refuted {
    return body.bytes(48, 16);
  }

  String mrenclave() throws Refuted {
    return body.hex(64, 32);
  }

  String mrsigner() throws Refuted {
    return body.hex(128, 32);
  }

  int isvprodid() throws Refuted {
    return body.u16(256);
  }

  int isvsvn() throws Refuted {
    return body.u16(258);
  }

  byte[] reportData() throws Refuted {
    return body.bytes(320, 64);
  }

  Map<String, Object> claims() throws Refuted {
    Map<String, Object> claims = new LinkedHashMap<>();
    claims.put("mrenclave", mrenclave());
    claims.put("mrsigner", mrsigner());
    claims.put("isvprodid", (long) isvprodid());
    claims.put("isvsvn", (long) isvsvn());
    claims.put("debug", (body.u8(48) & DEBUG) != 0);
    claims.put("provision-key", (body.u8(48) & PROVISION_KEY) != 0);
    claims.put("attributes", body.hex(48, 16));
    claims.put("miscselect", body.hex(16, 4));
    claims.put("cpusvn", body.hex(0, 16));
    claims.put("config-id", body.hex(192, 64));
    claims.put("config-svn", (long) body.u16(260));
    claims.put("isv-ext-prodid", body.hex(32, 16));
    claims.put("isv-family-id", body.hex(304, 16));
    claims.put("report-data", body.hex(320, 64));
    return claims;
  }
}
