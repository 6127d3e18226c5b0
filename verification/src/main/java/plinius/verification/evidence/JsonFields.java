package plinius.verification.evidence;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import plinius.attestation.AttestationException;
import plinius.seal.Id128;
import plinius.seal.SealException;
import plinius.seal.jose.Json;

/**
 * One JSON object, read member by member with the type that is expected there. Whatever is missing
 * or of another type is an {@link AttestationException.BadMessage} that names the member, never its
 * value: some values are keys.
 */
public final class JsonFields {
  private final String what;
  private final Map<?, ?> members;
  private final Set<String> unread = new TreeSet<>();

  /** Of a value already parsed; {@code what} is its name in messages. */
  public JsonFields(String what, Object value) {
    if (!(value instanceof Map<?, ?> map)) {
      throw new AttestationException.BadMessage(what + " is not a JSON object");
    }
    this.what = what;
    this.members = map;
    map.keySet().forEach(name -> unread.add((String) name));
  }

  /** Parses an object. */
  public static JsonFields parse(String what, String text) {
    Object value;
    try {
      value = Json.parse(text);
    } catch (SealException e) {
      // Without the cause: a parser may quote the text, and the text may hold keys.
      throw new AttestationException.BadMessage(what + " is not JSON, or beyond the limits");
    }
    return new JsonFields(what, value);
  }

  /** A member that must be there. */
  public String string(String name) {
    return typed(name, String.class, "a string");
  }

  /** A member that may be missing. */
  public Optional<String> optionalString(String name) {
    return members.containsKey(name) ? Optional.of(string(name)) : Optional.empty();
  }

  /** A whole number of 64 bits. */
  public long number(String name) {
    return typed(name, Long.class, "a whole number");
  }

  /** A member of any type, as the parser gave it. */
  public Object value(String name) {
    if (!members.containsKey(name)) {
      throw new AttestationException.BadMessage(what + " has no " + name);
    }
    unread.remove(name);
    return members.get(name);
  }

  /** A list of identifiers. */
  public List<Id128> ids(String name) {
    List<Id128> ids = new ArrayList<>();
    for (Object each : typed(name, List.class, "a list")) {
      ids.add(parseId(name, each instanceof String text ? text : ""));
    }
    return List.copyOf(ids);
  }

  /** An identifier of 32 hexadecimal digits. */
  public Id128 id(String name) {
    return parseId(name, string(name));
  }

  /** Standard base64 of any number of bytes. */
  public byte[] base64(String name) {
    try {
      return Base64.getDecoder().decode(string(name));
    } catch (IllegalArgumentException e) {
      throw new AttestationException.BadMessage(what + "." + name + " is not base64");
    }
  }

  /** Refuses members that nobody asked for: what we do not know we do not pretend to obey. */
  public void requireNothingElse() {
    if (!unread.isEmpty()) {
      throw new AttestationException.BadMessage(what + " has members we do not know: " + unread);
    }
  }

  private Id128 parseId(String name, String text) {
    try {
      return Id128.parse(text);
    } catch (SealException e) {
      throw new AttestationException.BadMessage(what + "." + name + " is no identifier");
    }
  }

  private <T> T typed(String name, Class<T> type, String wanted) {
    Object value = value(name);
    if (!type.isInstance(value)) {
      throw new AttestationException.BadMessage(what + "." + name + " is not " + wanted);
    }
    return type.cast(value);
  }
}
