package plinius.cli;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.exchange.cfg.LenientCfg;
import plinius.exchange.cfg.Repeated;

/** The network on the command line. */
public final class CfgOptions {
  @Parameters(
      index = "0",
      paramLabel = "CFG",
      description = "The network: a Darknet configuration file.")
  private Path cfg;

  @Option(
      names = "--set",
      paramLabel = "K=V",
      description = "Another value for a key of section [net]; may be given several times.")
  private Map<String, String> settings = new LinkedHashMap<>();

  @Option(
      names = "--lenient",
      description = {
        "Read the file as the original Darknet does: unknown keys are ignored, of two equal keys",
        "the first counts, numbers end where they stop being numbers. Each such place is reported."
      })
  private boolean lenient;

  private Path translated;

  Map<String, String> settings() {
    return settings;
  }

  /** The file, or what it means to the original; its warnings go to people. */
  Path file() {
    if (lenient && translated == null) {
      translated = translated(cfg);
    }
    return lenient ? translated : cfg;
  }

  /** The network; what the original would read otherwise is added to the warnings. */
  CfgFile parse(Map<String, String> overrides, List<String> warnings) {
    LenientCfg read = lenient ? lenient(cfg) : new LenientCfg(strict(cfg), List.of());
    warnings.addAll(read.warnings());
    Map<String, String> all = new LinkedHashMap<>(settings);
    all.putAll(overrides);
    CfgFile parsed = Cfg.parse(read.text(), cfg.toString(), all);
    warnings.addAll(Repeated.keys(read.text(), cfg.toString()));
    return parsed;
  }

  /** The network; what the original would read otherwise is told to people. */
  public CfgFile parse() {
    List<String> warnings = new ArrayList<>();
    CfgFile parsed = parse(Map.of(), warnings);
    warnings.forEach(Terminal::notice);
    return parsed;
  }

  /** A copy, of the same name, that means to everybody what the file means to the original. */
  static Path translated(Path cfg) {
    LenientCfg read = lenient(cfg);
    read.warnings().forEach(Terminal::notice);
    try {
      Path folder = Files.createTempDirectory("plinius-cfg-");
      Path copy = folder.resolve(cfg.getFileName());
      folder.toFile().deleteOnExit();
      copy.toFile().deleteOnExit();
      return Files.writeString(copy, read.text());
    } catch (IOException e) {
      throw new Refusal(
          ExitCode.MEDIUM, "cannot write a translation of " + cfg + ": " + Failures.why(e));
    }
  }

  /** Bytes are characters to the original, whatever they mean in a comment. */
  private static LenientCfg lenient(Path cfg) {
    return LenientCfg.read(new String(bytes(cfg), StandardCharsets.ISO_8859_1), cfg.toString());
  }

  /** The text of a configuration. */
  static String strict(Path cfg) {
    byte[] bytes = bytes(cfg);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(java.nio.ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new Refusal(
          ExitCode.BAD_INPUT,
          cfg
              + " is no text in UTF-8: is it a configuration? --lenient takes"
              + " comments in other encodings");
    }
  }

  private static byte[] bytes(Path cfg) {
    SealedFiles.requireReadable(cfg, "name a Darknet configuration file, as examples/ has them");
    try {
      if (Files.size(cfg) > Cfg.MAX_CHARS) {
        throw new Refusal(
            ExitCode.BAD_INPUT,
            cfg + " has more than " + Cfg.MAX_CHARS + " bytes: is it a configuration?");
      }
      return Files.readAllBytes(cfg);
    } catch (IOException e) {
      throw new Refusal(ExitCode.BAD_INPUT, "cannot read " + cfg + ": " + Failures.why(e));
    }
  }
}
