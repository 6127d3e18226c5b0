package plinius.verification;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import plinius.verification.evidence.Claims;

/** One thing that an owner wants of the claims. */
sealed interface Rule {
  /** A rejection, if these claims do not keep it. */
  Optional<Appraisal.Rejected> judge(Claims claims, Instant at);

  /** The claim is one of these values, numbers and truths written as text. */
  record OneOf(String claim, Set<String> wanted) implements Rule {
    public OneOf {
      wanted = Set.copyOf(wanted);
    }

    @Override
    public Optional<Appraisal.Rejected> judge(Claims claims, Instant at) {
      String got = claims.value(claim).map(String::valueOf).orElse("missing");
      return wanted.contains(got)
          ? Optional.empty()
          : Optional.of(new Appraisal.Rejected(claim, got, anyOf(wanted)));
    }
  }

  /** The claim is a list with none but these values. */
  record NoneBut(String claim, Set<String> allowed) implements Rule {
    public NoneBut {
      allowed = Set.copyOf(allowed);
    }

    @Override
    public Optional<Appraisal.Rejected> judge(Claims claims, Instant at) {
      TreeSet<String> others = new TreeSet<>();
      if (claims.value(claim).orElse(List.of()) instanceof List<?> list) {
        list.forEach(each -> others.add((String) each));
      }
      others.removeAll(allowed);
      return others.isEmpty()
          ? Optional.empty()
          : Optional.of(
              new Appraisal.Rejected(claim, others.toString(), "none but " + anyOf(allowed)));
    }
  }

  /** The claim is a number from this on. */
  record AtLeast(String claim, long minimum) implements Rule {
    @Override
    public Optional<Appraisal.Rejected> judge(Claims claims, Instant at) {
      boolean kept = claims.value(claim).orElse("") instanceof Long value && value >= minimum;
      return kept
          ? Optional.empty()
          : Optional.of(
              new Appraisal.Rejected(
                  claim,
                  claims.value(claim).map(String::valueOf).orElse("missing"),
                  "at least " + minimum));
    }
  }

  /**
   * On this product of AMD's, each part of the reported TCB is from this on: {@code bl:4 snp:24}.
   */
  record TcbAtLeast(String product, Map<String, Integer> minimum) implements Rule {
    private static final String CLAIM = "reported-tcb";

    public TcbAtLeast {
      minimum = Map.copyOf(minimum);
    }

    @Override
    public Optional<Appraisal.Rejected> judge(Claims claims, Instant at) {
      if (!product.equals(claims.value("product").orElse(""))) {
        return Optional.empty();
      }
      String got = String.valueOf(claims.value(CLAIM).orElse("missing"));
      Map<String, Integer> parts = parts(got);
      boolean kept =
          minimum.entrySet().stream()
              .allMatch(each -> parts.getOrDefault(each.getKey(), -1) >= each.getValue());
      return kept
          ? Optional.empty()
          : Optional.of(new Appraisal.Rejected(CLAIM, got, "at least " + new TreeMap<>(minimum)));
    }

    /** Parts by name; empty if the text is anything else. */
    static Map<String, Integer> parts(String text) {
      Map<String, Integer> parts = new TreeMap<>();
      for (String each : text.strip().split("\\s+", -1)) {
        if (!each.matches("(fmc|bl|tee|snp|ucode):[0-9]{1,3}")) {
          return Map.of();
        }
        int colon = each.indexOf(':');
        parts.put(each.substring(0, colon), Integer.parseInt(each.substring(colon + 1)));
      }
      return parts;
    }
  }

  /** The collateral was issued at most so long before the instant. */
  record CollateralAge(Duration maximum) implements Rule {
    private static final String CLAIM = "collateral-issued";

    @Override
    public Optional<Appraisal.Rejected> judge(Claims claims, Instant at) {
      String got = String.valueOf(claims.value(CLAIM).orElse("missing"));
      try {
        if (!Instant.parse(got).plus(maximum).isBefore(at)) {
          return Optional.empty();
        }
      } catch (DateTimeException e) {
        // Without collateral there is no date: rejected like one too old.
      }
      return Optional.of(
          new Appraisal.Rejected(CLAIM, got, maximum.toDays() + " days or less before " + at));
    }
  }

  private static String anyOf(Set<String> values) {
    TreeSet<String> sorted = new TreeSet<>(values);
    return sorted.size() == 1 ? sorted.first() : "one of " + sorted;
  }
}
