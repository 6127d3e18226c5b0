package plinius.evaluation;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * On what, when and under which load something was measured, and what of it is emulated.
 *
 * @param facts name and value, in the order in which people want them; nothing that names a user, a
 *     host or a folder
 */
public record Machine(Map<String, String> facts) {

  /** This machine, now. */
  public static Machine observe(Path root, Path pm, Path disk, Clock clock) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("date", Instant.now(clock).truncatedTo(ChronoUnit.SECONDS).toString());
    facts.put("commit", commit(root).orElse("unknown"));
    facts.put("processor", first("/proc/cpuinfo", "model name\\s*:\\s*(.*)").orElse("unknown"));
    facts.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    facts.put(
        "instructions",
        first("/proc/cpuinfo", "flags\\s*:\\s*(.*)").map(Machine::instructions).orElse("unknown"));
    facts.put(
        "memory",
        first("/proc/meminfo", "MemTotal:\\s*(\\d+) kB")
            .map(kb -> String.format(Locale.ROOT, "%.1f GiB", Long.parseLong(kb) / 1048576.0))
            .orElse("unknown"));
    facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    facts.put(
        "Java", System.getProperty("java.vendor") + " " + System.getProperty("java.vm.version"));
    facts.put("persistent memory", "a folder on " + fileSystem(pm) + emulated(pm));
    facts.put("disk", "a folder on " + fileSystem(disk));
    facts.put("enclave", "simulated: an ordinary process; memory is not encrypted by hardware");
    facts.put("load at the start", load());
    return new Machine(facts);
  }

  /** The load averages of the last 1, 5 and 15 minutes. */
  public static String load() {
    return first("/proc/loadavg", "(\\S+ \\S+ \\S+) .*")
        .orElseGet(
            () ->
                Double.toString(
                    ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
  }

  private static String instructions(String flags) {
    List<String> present = List.of(flags.split(" "));
    return String.join(
        " ",
        List.of("avx2", "avx512f", "vaes", "clwb", "clflushopt").stream()
            .filter(present::contains)
            .toList());
  }

  /** The kind of file system below a folder that exists. */
  public static String fileSystem(Path folder) {
    try {
      return Files.getFileStore(folder).type();
    } catch (IOException e) {
      return "an unknown file system";
    }
  }

  private static String emulated(Path pm) {
    return fileSystem(pm).equals("tmpfs")
        ? ": EMULATED by DRAM; write-back instructions run, power loss loses it"
        : "";
  }

  private static Optional<String> first(String file, String pattern) {
    try {
      Matcher matcher =
          Pattern.compile(pattern, Pattern.MULTILINE).matcher(Files.readString(Path.of(file)));
      return matcher.find() ? Optional.of(matcher.group(1).strip()) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Optional<String> commit(Path root) {
    try {
      Process git =
          new ProcessBuilder("git", "-C", root.toString(), "describe", "--always", "--dirty")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String line = git.inputReader().readLine();
      return git.waitFor(5, TimeUnit.SECONDS) && git.exitValue() == 0
          ? Optional.ofNullable(line)
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }
}
