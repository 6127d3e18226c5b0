package plinius.verification.amd;

import java.util.Optional;
import plinius.verification.evidence.ByteView;
import plinius.verification.evidence.Refuted;

/**
 * Security versions of a platform's firmware (SEV-SNP firmware ABI 56860, TCB_VERSION).
 *
 * @param fmc from Turin on
 */
record TcbVersion(Optional<Integer> fmc, int bootloader, int tee, int snp, int microcode) {
  static TcbVersion parse(ByteView report, int at, Product product) throws Refuted {
    return product == Product.TURIN
        ? new TcbVersion(
            Optional.of(report.u8(at)),
            report.u8(at + 1L),
            report.u8(at + 2L),
            report.u8(at + 3L),
            report.u8(at + 7L))
        : new TcbVersion(
            Optional.empty(),
            report.u8(at),
            report.u8(at + 1L),
            report.u8(at + 6L),
            report.u8(at + 7L));
  }

  /** As policies and people write it; each part is at least its counterpart in a minimum. */
  @Override
  public String toString() {
    String parts = "bl:" + bootloader + " tee:" + tee + " snp:" + snp + " ucode:" + microcode;
    return fmc.map(each -> "fmc:" + each + " " + parts).orElse(parts);
  }

  /** The query by which AMD's key server finds the certificate of a chip at this version. */
  String query() {
    String parts =
        "blSPL=" + bootloader + "&teeSPL=" + tee + "&snpSPL=" + snp + "&ucodeSPL=" + microcode;
    return fmc.map(each -> "fmcSPL=" + each + "&" + parts).orElse(parts);
  }
}
