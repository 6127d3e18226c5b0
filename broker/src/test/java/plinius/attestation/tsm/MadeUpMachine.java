package plinius.attestation.tsm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import plinius.attestation.Attester;

/** A confidential machine's kernel as the attester sees it, over a platform that nobody built. */
public final class MadeUpMachine extends TsmEntries {
  private final String provider;
  private final UnaryOperator<String> report;
  private final byte[] certificates;
  private final Map<String, String> bound = new ConcurrentHashMap<>();

  private MadeUpMachine(String provider, UnaryOperator<String> report, byte[] certificates) {
    super(Path.of("no folder"));
    this.provider = provider;
    this.report = report;
    this.certificates = certificates;
  }

  /**
   * The attester on such a machine.
   *
   * @param provider the kernel's word for the platform
   * @param report from report data to quote or report, in hexadecimal
   * @param certificates the host's table of certificates, empty if it gives none
   */
  public static Attester attester(
      String provider, UnaryOperator<String> report, byte[] certificates) {
    return TsmAttester.find(new MadeUpMachine(provider, report, certificates)).orElseThrow();
  }

  @Override
  public void make(String entry) {
    bound.put(entry, "");
  }

  @Override
  public byte[] read(String entry, String attribute) throws IOException {
    return switch (attribute) {
      case "provider" -> (provider + "\n").getBytes(StandardCharsets.US_ASCII);
      case "generation" -> "1\n".getBytes(StandardCharsets.US_ASCII);
      case "outblob" -> HexFormat.of().parseHex(report.apply(bound.get(entry)));
      case "auxblob" -> certificates.clone();
      default -> throw new NoSuchFileException(attribute);
    };
  }

  @Override
  public void write(String entry, String attribute, byte[] value) {
    bound.put(entry, HexFormat.of().formatHex(value));
  }

  @Override
  public void remove(String entry) {
    bound.remove(entry);
  }
}
