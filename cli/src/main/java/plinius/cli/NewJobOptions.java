package plinius.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;
import plinius.attestation.kbs.FreshnessMode;
import plinius.broker.JobTerms;
import plinius.seal.Id128;

/** A job to add: what it may be, for ever. */
final class NewJobOptions {
  @Option(names = "--cfg", required = true, paramLabel = "CFG", description = "Its network.")
  private Path cfg;

  @Option(names = "--lenient", description = "Read it as the original Darknet does.")
  private boolean lenient;

  @Option(names = "--data", required = true, paramLabel = "F", description = "Its sealed data.")
  private Path data;

  @Option(names = "--valid", paramLabel = "F", description = "Its sealed validation data.")
  private Path valid;

  @Option(
      names = "--job",
      paramLabel = "NAME",
      converter = Choices.JobNameConverter.class,
      description = "A name for it.")
  private String name;

  @Option(
      names = "--freshness",
      paramLabel = "MODE",
      converter = Choices.FreshnessConverter.class,
      description = {
        "How far its pool may be ahead of the broker's record: strict, window:N (2 to 64"
            + " mirrors),",
        "or offline, which notices no older pool; offline+cache also lets a run restart without"
            + " the",
        "broker, with keys sealed to the platform (default: window:32)."
      })
  private FreshnessMode freshness;

  @Option(names = "--seed", paramLabel = "N", description = "Its seed (default: 1).")
  private Long seed;

  @Option(
      names = "--set",
      paramLabel = "K=V",
      description = "Another value for a key of section [net].")
  private Map<String, String> settings = new LinkedHashMap<>();

  /** Reads the files' plain parts. */
  JobTerms terms(Path keyFile, Id128 keyId) {
    List<Path> files = new ArrayList<>(List.of(data));
    Optional.ofNullable(valid).ifPresent(files::add);
    List<Id128> sets =
        files.stream()
            .map(file -> SealedFiles.infoForOwner(file, keyFile, keyId).id())
            .distinct()
            .toList();
    return new JobTerms(
        Optional.ofNullable(name),
        CfgDigests.of(lenient ? CfgOptions.translated(cfg) : cfg, settings),
        seed == null ? Owner.DEFAULT_SEED : seed,
        sets,
        freshness == null ? FreshnessMode.DEFAULT : freshness);
  }
}
