package plinius.host;

import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import plinius.boundary.HostMessage.Mode;
import plinius.boundary.HostMessage.Protocol;
import plinius.boundary.HostMessage.Query;
import plinius.boundary.HostMessage.WriteBack;

/**
 * What the host process is told on its command line. Nothing in it is secret: everybody on the
 * machine can read a command line.
 *
 * @param mode what to do
 * @param image the directory of the enclave's image, with bin/java in it
 * @param pm the directory that holds model.pm, the loaded data and the lock
 * @param cfg the network's configuration file
 * @param settings {@code --set key=value}, for section [net]
 * @param data the sealed data set to train with or to test on
 * @param valid the sealed data set to validate on while training
 * @param query what only some modes ask
 * @param out where the sealed result goes; for the modes that have one
 * @param job the job's id, 32 hexadecimal digits
 * @param broker the broker's address, https
 * @param pin SHA-256 of the broker's public key (SubjectPublicKeyInfo), 64 hexadecimal digits
 * @param platform where a simulated platform keeps its keys; nothing for the hardware that is there
 * @param threads how many threads compute
 * @param mirrorEvery iterations from one mirror to the next
 * @param validEvery iterations from one validation to the next, 0 for the last only
 * @param iterations stop after so many in all, 0 for as many as the configuration says
 * @param writeBack how lines leave the processor's caches
 * @param protocol the pool's transaction protocol
 * @param poolBytes size of a new pool, 0 for what the network needs
 * @param json JSON lines on standard output instead of text for people
 * @param fresh rename an existing pool to model.pm.old-N, under the lock, and start a new one
 * @param killAt where to kill the enclave, for demonstrations and tests
 * @param recordBorder where to write down all that crosses the border, for tests
 */
public record HostArguments(
    Mode mode,
    Path image,
    Path pm,
    Path cfg,
    Map<String, String> settings,
    Data data,
    Optional<Data> valid,
    Query query,
    Optional<Path> out,
    String job,
    URI broker,
    String pin,
    Optional<Path> platform,
    int threads,
    int mirrorEvery,
    int validEvery,
    int iterations,
    WriteBack writeBack,
    Protocol protocol,
    long poolBytes,
    boolean json,
    boolean fresh,
    Optional<KillAt> killAt,
    Optional<Path> recordBorder) {
  private static final List<String> FLAGS = List.of("--json", "--fresh", "--best");

  /**
   * A sealed data set.
   *
   * @param file the sealed file
   * @param id the set's id, 32 hexadecimal digits, which names its copy in persistent memory
   */
  public record Data(Path file, String id) {
    public Data {
      Objects.requireNonNull(file);
      require(id.matches("[0-9a-f]{32}"), "a data set's id is 32 hexadecimal digits, got " + id);
    }
  }

  public HostArguments {
    Objects.requireNonNull(mode);
    Objects.requireNonNull(image);
    Objects.requireNonNull(pm);
    Objects.requireNonNull(cfg);
    Objects.requireNonNull(data);
    Objects.requireNonNull(valid);
    Objects.requireNonNull(query);
    Objects.requireNonNull(platform);
    Objects.requireNonNull(writeBack);
    Objects.requireNonNull(protocol);
    Objects.requireNonNull(killAt);
    Objects.requireNonNull(recordBorder);
    settings = Map.copyOf(settings);
    require(job.matches("[0-9a-f]{32}"), "--job-id takes 32 hexadecimal digits, got " + job);
    BrokerLink.requireAddress(broker);
    PinnedKey.requirePin(pin);
    require(threads >= 1 && threads <= 1024, "--threads takes 1 to 1024, got " + threads);
    require(mirrorEvery >= 1, "--mirror-every takes 1 or more, got " + mirrorEvery);
    require(validEvery >= 0, "--valid-every takes 0 or more, got " + validEvery);
    require(iterations >= 0, "--iterations takes 0 or more, got " + iterations);
    require(poolBytes >= 0, "--pool-size takes 0 or more bytes, got " + poolBytes);
    require(mode == Mode.TRAIN || !fresh, "--fresh makes sense with train only");
    require(
        out.isPresent() == (mode != Mode.TRAIN && mode != Mode.TEST),
        "--out goes with predict, generate and detect, and they need it");
  }

  /** The command line that {@link #parse} reads back. */
  public List<String> toArguments() {
    List<String> arguments = new ArrayList<>();
    add(arguments, "--mode", name(mode));
    add(arguments, "--image", image);
    add(arguments, "--pm", pm);
    add(arguments, "--cfg", cfg);
    settings.forEach((key, value) -> add(arguments, "--set", key + "=" + value));
    add(arguments, "--data", data.file());
    add(arguments, "--data-id", data.id());
    valid.ifPresent(
        set -> {
          add(arguments, "--valid", set.file());
          add(arguments, "--valid-id", set.id());
        });
    add(arguments, "--length", query.length());
    add(arguments, "--temperature", query.temperature());
    add(arguments, "--draws", query.draws());
    add(arguments, "--threshold", query.threshold());
    add(arguments, "--overlap", query.overlap());
    if (query.best()) {
      arguments.add("--best");
    }
    out.ifPresent(file -> add(arguments, "--out", file));
    add(arguments, "--job-id", job);
    add(arguments, "--broker", broker);
    add(arguments, "--pin", pin);
    platform.ifPresent(folder -> add(arguments, "--platform", folder));
    add(arguments, "--threads", threads);
    add(arguments, "--mirror-every", mirrorEvery);
    add(arguments, "--valid-every", validEvery);
    add(arguments, "--iterations", iterations);
    add(arguments, "--write-back", name(writeBack));
    add(arguments, "--protocol", name(protocol));
    add(arguments, "--pool-size", poolBytes);
    if (json) {
      arguments.add("--json");
    }
    if (fresh) {
      arguments.add("--fresh");
    }
    killAt.ifPresent(at -> add(arguments, "--kill-at", at));
    recordBorder.ifPresent(file -> add(arguments, "--record-border", file));
    return arguments;
  }

  /** Reads a command line; what it may leave out has the value that the verb train documents. */
  public static HostArguments parse(List<String> arguments) {
    Map<String, String> settings = new LinkedHashMap<>();
    Map<String, String> options = new LinkedHashMap<>();
    for (int i = 0; i < arguments.size(); i++) {
      String option = arguments.get(i);
      if (FLAGS.contains(option)) {
        options.put(option, "");
        continue;
      }
      require(
          option.startsWith("--") && i + 1 < arguments.size(), "an option and its value", option);
      String value = arguments.get(++i);
      if (option.equals("--set")) {
        int equals = value.indexOf('=');
        require(equals > 0, "--set key=value", value);
        String key = value.substring(0, equals);
        require(
            settings.put(key, value.substring(equals + 1)) == null,
            "--set gives " + key + " twice");
      } else {
        require(options.put(option, value) == null, option + " is given twice");
      }
    }
    HostArguments parsed =
        new HostArguments(
            choice(Mode.values(), take(options, "--mode")),
            Path.of(take(options, "--image")),
            Path.of(take(options, "--pm")),
            Path.of(take(options, "--cfg")),
            settings,
            new Data(Path.of(take(options, "--data")), take(options, "--data-id")),
            options.containsKey("--valid")
                ? Optional.of(
                    new Data(Path.of(take(options, "--valid")), take(options, "--valid-id")))
                : Optional.empty(),
            new Query(
                number(options, "--length", 0),
                Double.parseDouble(options.getOrDefault("--temperature", "1")),
                longNumber(options, "--draws", 0),
                options.containsKey("--best"),
                Double.parseDouble(options.getOrDefault("--threshold", "0.5")),
                Double.parseDouble(options.getOrDefault("--overlap", "0.45"))),
            Optional.ofNullable(options.get("--out")).map(Path::of),
            take(options, "--job-id"),
            URI.create(take(options, "--broker")),
            take(options, "--pin"),
            Optional.ofNullable(options.get("--platform")).map(Path::of),
            number(options, "--threads", Runtime.getRuntime().availableProcessors()),
            number(options, "--mirror-every", 1),
            number(options, "--valid-every", 0),
            number(options, "--iterations", 0),
            choice(WriteBack.values(), options.getOrDefault("--write-back", "auto")),
            choice(Protocol.values(), options.getOrDefault("--protocol", "ping-pong")),
            longNumber(options, "--pool-size", 0),
            options.containsKey("--json"),
            options.containsKey("--fresh"),
            Optional.ofNullable(options.get("--kill-at")).map(KillAt::parse),
            Optional.ofNullable(options.get("--record-border")).map(Path::of));
    options
        .keySet()
        .removeAll(
            List.of(
                "--mode",
                "--image",
                "--pm",
                "--cfg",
                "--data",
                "--data-id",
                "--valid",
                "--valid-id",
                "--length",
                "--temperature",
                "--draws",
                "--best",
                "--threshold",
                "--overlap",
                "--out",
                "--job-id",
                "--broker",
                "--pin",
                "--platform",
                "--threads",
                "--mirror-every",
                "--valid-every",
                "--iterations",
                "--write-back",
                "--protocol",
                "--pool-size",
                "--json",
                "--fresh",
                "--kill-at",
                "--record-border"));
    require(options.isEmpty(), "known options", options.keySet().toString());
    return parsed;
  }

  private static void add(List<String> arguments, String option, Object value) {
    arguments.add(option);
    arguments.add(value.toString());
  }

  private static String take(Map<String, String> options, String option) {
    String value = options.get(option);
    require(value != null, option + " is missing");
    return value;
  }

  private static int number(Map<String, String> options, String option, int otherwise) {
    long value = longNumber(options, option, otherwise);
    require(value == (int) value, option + " is out of range: " + value);
    return (int) value;
  }

  private static long longNumber(Map<String, String> options, String option, long otherwise) {
    String value = options.get(option);
    try {
      return value == null ? otherwise : Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw new HostException.Usage(option + " takes a number, got " + value);
    }
  }

  private static String name(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static <E extends Enum<E>> E choice(E[] values, String name) {
    for (E value : values) {
      if (name(value).equals(name)) {
        return value;
      }
    }
    List<String> known = new ArrayList<>();
    for (E value : values) {
      known.add(name(value));
    }
    throw new HostException.Usage("got " + name + ", known are " + String.join(", ", known));
  }

  private static void require(boolean condition, String want, String got) {
    require(condition, "want " + want + ", got " + got);
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new HostException.Usage(message);
    }
  }
}
