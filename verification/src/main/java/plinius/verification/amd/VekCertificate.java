package plinius.verification.amd;

import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Optional;
import plinius.verification.evidence.Certificates;
import plinius.verification.evidence.Der;
import plinius.verification.evidence.Refuted;

/**
 * The certificate of a key that signs reports: of one chip at one firmware version (VCEK), or of a
 * cloud provider (VLEK). AMD VCEK certificate and KDS interface specification 57230, section 3.
 */
public final class VekCertificate {
  private static final String ARC = "1.3.6.1.4.1.3704.1.";
  private static final String PRODUCT = ARC + "2";
  private static final String BOOTLOADER = ARC + "3.1";
  private static final String TEE = ARC + "3.2";
  private static final String SNP = ARC + "3.3";
  private static final String MICROCODE = ARC + "3.8";
  private static final String FMC = ARC + "3.9";
  private static final String HARDWARE_ID = ARC + "4";
  private static final String PROVIDER = ARC + "5";
  private static final String WHAT = "VEK certificate";
  private static final int CHIP_ID_BYTES = 64;
  private static final int TURIN_CHIP_ID_BYTES = 8;

  private final X509Certificate certificate;
  private final Product product;
  private final TcbVersion tcb;
  private final Optional<byte[]> hardwareId;
  private final Optional<String> provider;

  /** Reads AMD's extensions; the certificate's own signature is not looked at. */
  public VekCertificate(X509Certificate certificate) throws Refuted {
    this.certificate = certificate;
    String name = text(required(PRODUCT));
    this.product =
        Product.ofName(name)
            .orElseThrow(() -> new Refuted("product", name, "Milan, Genoa or Turin"));
    this.tcb =
        new TcbVersion(
            product == Product.TURIN ? Optional.of(number(FMC)) : Optional.empty(),
            number(BOOTLOADER),
            number(TEE),
            number(SNP),
            number(MICROCODE));
    this.hardwareId =
        has(HARDWARE_ID) ? Optional.of(hardwareId(required(HARDWARE_ID))) : Optional.empty();
    this.provider = has(PROVIDER) ? Optional.of(text(required(PROVIDER))) : Optional.empty();
    if (hardwareId.isPresent() == provider.isPresent()) {
      throw new Refuted(WHAT, "with both or none of chip and provider", "one (VCEK or VLEK)");
    }
  }

  /** Whether a certificate is of such a key. */
  static boolean isOne(X509Certificate certificate) {
    return certificate.getExtensionValue(SNP) != null;
  }

  X509Certificate certificate() {
    return certificate;
  }

  Product product() {
    return product;
  }

  TcbVersion tcb() {
    return tcb;
  }

  boolean isVlek() {
    return provider.isPresent();
  }

  /** Who the key belongs to, for people. */
  String owner() {
    return "AMD "
        + product.word()
        + provider.map(each -> " of " + each).orElse(" " + Certificates.name(certificate));
  }

  /** Whether this is the chip; Turin's ids are 8 bytes, then zeros. */
  boolean isOf(byte[] chipId) {
    return hardwareId.isPresent()
        && Arrays.equals(Arrays.copyOf(hardwareId.get(), chipId.length), chipId);
  }

  private boolean has(String oid) {
    return certificate.getExtensionValue(oid) != null;
  }

  private byte[] required(String oid) throws Refuted {
    byte[] extension = certificate.getExtensionValue(oid);
    if (extension == null) {
      throw new Refuted(WHAT, "without the extension " + oid, "one with it");
    }
    return Der.unwrapped(WHAT, extension);
  }

  private int number(String oid) throws Refuted {
    return Der.parse(WHAT, required(oid)).number();
  }

  private static String text(byte[] value) throws Refuted {
    return Der.parse(WHAT, value).text();
  }

  // Older certificates have the bytes as they are, newer ones an OCTET STRING of them.
  private static byte[] hardwareId(byte[] value) throws Refuted {
    boolean plain = value.length == CHIP_ID_BYTES || value.length == TURIN_CHIP_ID_BYTES;
    byte[] id = plain ? value : Der.parse(WHAT, value).as(Der.OCTET_STRING).content();
    if (id.length != CHIP_ID_BYTES && id.length != TURIN_CHIP_ID_BYTES) {
      throw new Refuted(WHAT, "for a chip id of " + id.length + " bytes", "64, or 8 on Turin");
    }
    return id;
  }
}
