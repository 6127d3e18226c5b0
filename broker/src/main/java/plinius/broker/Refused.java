package plinius.broker;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import plinius.seal.Id128;

/**
 * A request that got no keys, as the log keeps it: who, what, why. Never a cookie, a nonce or a
 * key.
 *
 * @param peer who asked, as far as the network tells
 * @param step what for: the method and the path
 * @param job which job's keys, where the request says so
 * @param reason why not
 */
record Refused(String peer, String step, Optional<Id128> job, String reason) {
  private static final int STEP_CHARS_MAX = 120;
  private static final int REASON_CHARS_MAX = 2000;

  Refused {
    step = atMost(STEP_CHARS_MAX, step);
    reason = atMost(REASON_CHARS_MAX, reason);
  }

  // Strangers write this: half of a pair of surrogates is no text that JSON can hold.
  private static String atMost(int chars, String text) {
    if (text.length() <= chars) {
      return text;
    }
    return text.substring(0, Character.isHighSurrogate(text.charAt(chars - 1)) ? chars - 1 : chars);
  }

  Map<String, Object> members() {
    Map<String, Object> members = new TreeMap<>();
    members.put("peer", peer);
    members.put("step", step);
    job.ifPresent(id -> members.put("job", id.toString()));
    members.put("reason", reason);
    return members;
  }
}
