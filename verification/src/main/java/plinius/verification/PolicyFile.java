package plinius.verification;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import plinius.attestation.TeeKind;

/**
 * An appraisal policy as text: a section a platform, in it lines {@code name = value ...}, and
 * comments from {@code #} on.
 *
 * <pre>
 *   [tdx]                                # a platform that may have keys
 *   mrtd = 91eb... 7348...               # a claim, and the values that it may have
 *   tcb-status = UpToDate                # instead of the default, UpToDate SWHardeningNeeded
 *   min-tcb-evaluation-number = 17       # a claim that is a number, and its minimum
 *   require-sept-ve-disable = yes        # a claim that has to be true
 *   allow-migratable = yes               # a claim that may be true, which it may not by default
 *   only-advisories = INTEL-SA-00615     # a list, and the values that it may have
 *   max-collateral-age-days = 30
 * </pre>
 *
 * Each section has to say which code it is about. The names of claims are those that {@code plinius
 * verify --explain} prints; what is not known here is refused, with its line.
 */
public final class PolicyFile {
  private static final Map<TeeKind, Section> SECTIONS = sections();
  private static final Set<String> TCB_STATUS_DEFAULT = Set.of("UpToDate", "SWHardeningNeeded");
  private static final Set<String> TCB_STATUS_NEVER = Set.of("Revoked", "TCB_NOT_SUPPORTED");
  private static final String TCB_STATUS = "tcb-status";
  private static final String COLLATERAL_AGE = "max-collateral-age-days";
  private static final String MIN_TCB = "min-tcb-";
  private static final List<String> AMD_PRODUCTS = List.of("Milan", "Genoa", "Turin");

  private final String file;
  private final Map<TeeKind, Map<String, String>> lines = new EnumMap<>(TeeKind.class);

  private PolicyFile(String file) {
    this.file = file;
  }

  /** What a section may say: names of claims by how they are judged. */
  private record Section(
      String name,
      List<Set<String>> identities,
      Set<String> values,
      Set<String> minimums,
      Set<String> requirable,
      Set<String> allowable) {}

  /**
   * Reads a policy.
   *
   * @param file its name in messages
   * @throws BadPolicy if a line is not understood, or a section names no code
   */
  public static AppraisalPolicy parse(String file, String text) {
    PolicyFile policy = new PolicyFile(file);
    policy.read(text);
    Map<TeeKind, List<Rule>> platforms = new EnumMap<>(TeeKind.class);
    policy.lines.forEach((kind, values) -> platforms.put(kind, policy.rules(kind, values)));
    if (platforms.isEmpty()) {
      throw new BadPolicy(file + " names no platform: begin a section, for instance [tdx]");
    }
    return new AppraisalPolicy(platforms);
  }

  /** What a platform's section is called. */
  static String sectionName(TeeKind kind) {
    return SECTIONS.get(kind).name();
  }

  private void read(String text) {
    TeeKind kind = null;
    int number = 0;
    for (String raw : text.lines().toList()) {
      number++;
      int comment = raw.indexOf('#');
      String line = (comment < 0 ? raw : raw.substring(0, comment)).strip();
      if (line.isEmpty()) {
        continue;
      }
      if (line.startsWith("[")) {
        kind = section(line, number);
        continue;
      }
      int equals = line.indexOf('=');
      String name = equals < 0 ? "" : line.substring(0, equals).strip();
      String value = equals < 0 ? "" : line.substring(equals + 1).strip();
      if (kind == null || name.isEmpty() || value.isEmpty()) {
        throw bad(number, "want [platform], or name = value below one");
      }
      requireKnown(kind, name, number);
      if (lines.get(kind).put(name, value) != null) {
        throw bad(number, name + " is given twice: write all its values in one line");
      }
    }
  }

  private TeeKind section(String line, int number) {
    for (Map.Entry<TeeKind, Section> each : SECTIONS.entrySet()) {
      if (line.equals("[" + each.getValue().name() + "]")) {
        if (lines.put(each.getKey(), new LinkedHashMap<>()) != null) {
          throw bad(number, "the section " + line + " is there twice");
        }
        return each.getKey();
      }
    }
    throw bad(number, "no platform is called " + line + ": want one of " + names());
  }

  private static Set<String> names() {
    TreeSet<String> names = new TreeSet<>();
    SECTIONS.values().forEach(section -> names.add(section.name()));
    return names;
  }

  private void requireKnown(TeeKind kind, String name, int number) {
    Set<String> known = new TreeSet<>();
    Section section = SECTIONS.get(kind);
    known.addAll(section.values());
    section.minimums().forEach(each -> known.add("min-" + each));
    section.requirable().forEach(each -> known.add("require-" + each));
    section.allowable().forEach(each -> known.add("allow-" + each));
    if (section.values().contains(TCB_STATUS)) {
      known.add("only-advisories");
      known.add(COLLATERAL_AGE);
    }
    if (section.values().contains("product")) {
      AMD_PRODUCTS.forEach(each -> known.add(MIN_TCB + each.toLowerCase(Locale.ROOT)));
    }
    if (!known.contains(name)) {
      throw bad(number, "[" + section.name() + "] knows no " + name + ": want one of " + known);
    }
  }

  private List<Rule> rules(TeeKind kind, Map<String, String> values) {
    Section section = SECTIONS.get(kind);
    if (section.identities().stream().noneMatch(each -> values.keySet().containsAll(each))) {
      throw new BadPolicy(
          file
              + ": the section ["
              + section.name()
              + "] does not say which code may have keys: give "
              + section.identities());
    }
    List<Rule> rules = new ArrayList<>();
    // What nobody has to write down to be safe.
    for (String claim : section.allowable()) {
      boolean allowed = values.containsKey("allow-" + claim) && yes(values, "allow-" + claim);
      if (!allowed) {
        rules.add(new Rule.OneOf(claim, Set.of("false")));
      }
    }
    if (section.values().contains(TCB_STATUS) && !values.containsKey(TCB_STATUS)) {
      rules.add(new Rule.OneOf(TCB_STATUS, TCB_STATUS_DEFAULT));
    }
    if (section.values().contains("vmpl") && !values.containsKey("vmpl")) {
      rules.add(new Rule.OneOf("vmpl", Set.of("0")));
    }
    values.forEach((name, value) -> addRule(section, name, values, rules));
    return rules;
  }

  private void addRule(Section section, String name, Map<String, String> values, List<Rule> rules) {
    String value = values.get(name);
    if (section.values().contains(name)) {
      Set<String> wanted = words(value);
      if (name.equals(TCB_STATUS) && wanted.stream().anyMatch(TCB_STATUS_NEVER::contains)) {
        throw new BadPolicy(file + ": " + name + " cannot allow any of " + TCB_STATUS_NEVER);
      }
      rules.add(new Rule.OneOf(name, wanted));
    } else if (name.equals("only-advisories")) {
      rules.add(new Rule.NoneBut("advisories", words(value)));
    } else if (name.equals(COLLATERAL_AGE)) {
      rules.add(new Rule.CollateralAge(Duration.ofDays(number(name, value))));
    } else if (name.startsWith(MIN_TCB) && Rule.TcbAtLeast.parts(value).isEmpty()) {
      if (section.values().contains("product")) {
        throw new BadPolicy(file + ": " + name + " is " + value + ", want as bl:4 tee:0 snp:24");
      }
      rules.add(new Rule.AtLeast(name.substring("min-".length()), number(name, value)));
    } else if (name.startsWith(MIN_TCB)) {
      rules.add(new Rule.TcbAtLeast(product(name), Rule.TcbAtLeast.parts(value)));
    } else if (name.startsWith("min-")) {
      rules.add(new Rule.AtLeast(name.substring("min-".length()), number(name, value)));
    } else if (name.startsWith("require-") && yes(values, name)) {
      rules.add(new Rule.OneOf(name.substring("require-".length()), Set.of("true")));
    }
  }

  private static String product(String name) {
    return AMD_PRODUCTS.stream()
        .filter(each -> name.endsWith(each.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow();
  }

  private boolean yes(Map<String, String> values, String name) {
    return switch (values.get(name)) {
      case "yes" -> true;
      case "no" -> false;
      default ->
          throw new BadPolicy(file + ": " + name + " is " + values.get(name) + ", want yes or no");
    };
  }

  private long number(String name, String value) {
    if (!value.matches("[0-9]{1,9}")) {
      throw new BadPolicy(file + ": " + name + " is " + value + ", want a whole number");
    }
    return Long.parseLong(value);
  }

  // Hexadecimal of either case; claims are in lower case. Words like UpToDate stay as they are.
  private static Set<String> words(String value) {
    Set<String> words = new TreeSet<>();
    for (String each : value.split("[\\s,]+", -1)) {
      words.add(each.matches("[0-9A-Fa-f]{8,}") ? each.toLowerCase(Locale.ROOT) : each);
    }
    return words;
  }

  private BadPolicy bad(int line, String what) {
    return new BadPolicy(file + " line " + line + ": " + what);
  }

  private static Map<TeeKind, Section> sections() {
    Set<String> pcrs = new TreeSet<>();
    for (int i = 0; i < 32; i++) {
      pcrs.add("pcr" + i);
    }
    Section sgx =
        new Section(
            "sgx",
            List.of(Set.of("mrenclave"), Set.of("mrsigner", "isvprodid")),
            names(
                "mrenclave mrsigner isvprodid config-id isv-family-id isv-ext-prodid attributes"
                    + " fmspc tcb-status"),
            names("isvsvn config-svn tcb-evaluation-number"),
            Set.of(),
            names("debug provision-key"));
    Section tdx =
        new Section(
            "tdx",
            List.of(Set.of("mrtd")),
            names(
                "mrtd rtmr0 rtmr1 rtmr2 rtmr3 mrconfigid mrowner mrownerconfig mrservicetd"
                    + " mrseam td-attributes xfam fmspc tcb-status"),
            names("tcb-evaluation-number"),
            names("sept-ve-disable"),
            names("debug migratable"));
    Section snp =
        new Section(
            "snp",
            List.of(Set.of("measurement")),
            names(
                "measurement host-data id-key-digest author-key-digest family-id image-id vmpl"
                    + " chip-id product signing-key"),
            names("guest-svn report-version"),
            names("alias-check ciphertext-hiding ecc-enabled single-socket"),
            names("debug migratable newer-report"));
    Map<TeeKind, Section> sections = new EnumMap<>(TeeKind.class);
    sections.put(TeeKind.SGX, sgx);
    sections.put(TeeKind.TDX, tdx);
    sections.put(TeeKind.SNP, snp);
    sections.put(TeeKind.AZURE_TDX, behindTpm("azure-tdx", tdx, pcrs));
    sections.put(TeeKind.AZURE_SNP, behindTpm("azure-snp", snp, pcrs));
    sections.put(
        TeeKind.NITRO,
        new Section("nitro", List.of(Set.of("pcr0")), pcrs, Set.of(), Set.of(), names("debug")));
    sections.put(
        TeeKind.SIMULATION,
        new Section(
            "simulation",
            List.of(Set.of("measurement")),
            names("measurement"),
            Set.of(),
            Set.of(),
            Set.of()));
    return sections;
  }

  private static Section behindTpm(String name, Section hardware, Set<String> pcrs) {
    Set<String> values = new TreeSet<>(hardware.values());
    values.addAll(pcrs);
    return new Section(
        name,
        hardware.identities(),
        values,
        hardware.minimums(),
        hardware.requirable(),
        hardware.allowable());
  }

  private static Set<String> names(String names) {
    return new TreeSet<>(Arrays.asList(names.split(" ", -1)));
  }
}
