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
    step = step.substring(0, Math.min(step.length(), STEP_CHARS_MAX));
    reason = reason.substring(0, Math.min(reason.length(), REASON_CHARS_MAX));
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
