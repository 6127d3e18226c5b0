package plinius.cli;

import java.net.URI;
import picocli.CommandLine.Option;

/** A broker elsewhere. */
final class BrokerOptions {
  @Option(
      names = "--broker",
      required = true,
      paramLabel = "URL",
      description = "The broker of the owner, who is elsewhere.")
  private URI url;

  @Option(
      names = "--broker-pin",
      required = true,
      paramLabel = "HEX",
      description = "SHA-256 of the broker's public key, as the broker prints it.")
  private String pin;

  URI url() {
    return url;
  }

  String pin() {
    return pin;
  }
}
