package plinius.verification.intel;

import java.util.LinkedHashMap;
import java.util.Map;
import plinius.verification.evidence.ByteView;
import plinius.verification.evidence.Refuted;

/**
 * The body of a TD quote: 584 bytes in version 1.0, 648 and more from 1.5 on (Intel TDX DCAP,
 * sgx_report2_body_t and sgx_report2_body_v1_5_t).
 */
record TdReport(ByteView body) {
  private static final int V10_BYTES = 584;
  private static final int SVN_BYTES = 16;
  private static final long UNTRUSTED = 0xff;
  private static final long SEPT_VE_DISABLE = 1L << 28;
  private static final long MIGRATABLE = 1L << 29;

  /** Security versions of the TDX module: 16 components, those at launch. */
  byte[] launchSvn() throws Refuted {
    return body.bytes(0, SVN_BYTES);
  }

  /** The same of what runs now; from version 1.5 on. */
  byte[] currentSvn() throws Refuted {
    return body.bytes(V10_BYTES, SVN_BYTES);
  }

  byte[] mrsignerSeam() throws Refuted {
    return body.bytes(64, 48);
  }

  byte[] seamAttributes() throws Refuted {
    return body.bytes(112, 8);
  }

  byte[] reportData() throws Refuted {
    return body.bytes(520, 64);
  }

  Map<String, Object> claims() throws Refuted {
    long attributes = body.u64(120);
    Map<String, Object> claims = new LinkedHashMap<>();
    claims.put("mrtd", body.hex(136, 48));
    for (int i = 0; i < 4; i++) {
      claims.put("rtmr" + i, body.hex(328 + 48L * i, 48));
    }
    claims.put("mrconfigid", body.hex(184, 48));
    claims.put("mrowner", body.hex(232, 48));
    claims.put("mrownerconfig", body.hex(280, 48));
    if (body.length() > V10_BYTES) {
      claims.put("mrservicetd", body.hex(V10_BYTES + (long) SVN_BYTES, 48));
      claims.put("tee-tcb-svn2", body.hex(V10_BYTES, SVN_BYTES));
    }
    claims.put("tee-tcb-svn", body.hex(0, SVN_BYTES));
    claims.put("mrseam", body.hex(16, 48));
    // Any of these bits means that others may look into the trust domain.
    claims.put("debug", (attributes & UNTRUSTED) != 0);
    claims.put("sept-ve-disable", (attributes & SEPT_VE_DISABLE) != 0);
    claims.put("migratable", (attributes & MIGRATABLE) != 0);
    claims.put("td-attributes", body.hex(120, 8));
    claims.put("xfam", body.hex(128, 8));
    claims.put("report-data", body.hex(520, 64));
    return claims;
  }
}
