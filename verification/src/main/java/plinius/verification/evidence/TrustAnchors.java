package plinius.verification.evidence;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/**
 * The roots that verification ends at. They are a parameter, so that tests have their own; the
 * makers' are built in, for evidence itself may bring any root along.
 *
 * @param intel Intel SGX Root CA: SGX and TDX
 * @param amd AMD root keys (ARK), one a product
 * @param aws AWS Nitro Enclaves Root
 */
public record TrustAnchors(
    List<X509Certificate> intel, List<X509Certificate> amd, List<X509Certificate> aws) {
  private static final List<String> AMD_PRODUCTS = List.of("milan", "genoa", "turin");

  public TrustAnchors {
    intel = List.copyOf(intel);
    amd = List.copyOf(amd);
    aws = List.copyOf(aws);
  }

  /** The makers' own roots. */
  public static TrustAnchors builtIn() {
    return new TrustAnchors(
        List.of(resource("intel-sgx-root-ca")),
        AMD_PRODUCTS.stream().map(product -> resource("amd-ark-" + product)).toList(),
        List.of(resource("aws-nitro-root-g1")));
  }

  /** AMD's certificates between its roots and the chips' keys (ASK, ASVK); nobody trusts them. */
  public static List<X509Certificate> amdIntermediates() {
    List<X509Certificate> certificates = new ArrayList<>();
    for (String product : AMD_PRODUCTS) {
      certificates.add(resource("amd-ask-" + product));
      certificates.add(resource("amd-asvk-" + product));
    }
    return List.copyOf(certificates);
  }

  private static X509Certificate resource(String name) {
    String file = name + ".pem";
    try (InputStream in = TrustAnchors.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException("this build lacks " + file);
      }
      return Certificates.ofPem(file, in.readAllBytes()).getFirst();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (Refuted e) {
      throw new IllegalStateException("this build has a broken " + file, e);
    }
  }
}
