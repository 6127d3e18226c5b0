package plinius.verification.evidence;

import java.util.List;
import java.util.Map;
import plinius.seal.jose.Json;

/** Members of types that only evidence and what endorses it have. */
public final class Members {
  private Members() {}

  /** The integer under a name. */
  public static long number(Map<String, ?> object, String name) {
    return Json.member(object, name, Long.class, "an integer");
  }

  /** The array under a name. */
  public static List<Object> list(Map<String, ?> object, String name) {
    return List.copyOf((List<?>) Json.member(object, name, List.class, "an array"));
  }
}
