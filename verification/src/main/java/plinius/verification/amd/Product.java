package plinius.verification.amd;

import java.util.Optional;

/** A processor generation with a root key of its own. */
enum Product {
  MILAN("Milan"),
  GENOA("Genoa"),
  TURIN("Turin");

  private static final int FAMILY_19 = 0x19;
  private static final int FAMILY_1A = 0x1a;

  private final String word;

  Product(String word) {
    this.word = word;
  }

  /** AMD's word for it, in certificates and at its key server. */
  String word() {
    return word;
  }

  /** By a certificate's product name or its issuer: {@code Milan-B0}, {@code SEV-Genoa}. */
  static Optional<Product> ofName(String name) {
    for (Product product : values()) {
      if (name.startsWith(product.word) || name.endsWith("-" + product.word)) {
        return Optional.of(product);
      }
    }
    return Optional.empty();
  }

  /** By CPUID family and model; Bergamo and Siena (a0 to af) have Genoa's keys. */
  static Optional<Product> ofCpuid(int family, int model) {
    if (family == FAMILY_19) {
      if (model <= 0x0f) {
        return Optional.of(MILAN);
      }
      boolean zen4 = model <= 0x1f || (model >= 0xa0 && model <= 0xaf);
      return zen4 ? Optional.of(GENOA) : Optional.empty();
    }
    return family == FAMILY_1A && model <= 0x11 ? Optional.of(TURIN) : Optional.empty();
  }
}
