package plinius.verification.evidence;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A CBOR map, read member by member with the type that is expected there. */
public final class CborFields {
  private final String what;
  private final Map<?, ?> members;

  /** Of a parsed value, which has to be a map. */
  public CborFields(String what, Object value) throws Refuted {
    if (!(value instanceof Map<?, ?> map)) {
      throw new Refuted(what, "no map", "a CBOR map");
    }
    this.what = what;
    this.members = map;
  }

  /** The names of the members that are there. */
  public Iterable<?> names() {
    return members.keySet();
  }

  /** Bytes that have to be there. */
  public byte[] bytes(Object name) throws Refuted {
    return required(name, byte[].class);
  }

  /** Bytes that may be missing or null. */
  public Optional<byte[]> optionalBytes(Object name, int max) throws Refuted {
    Object value = members.get(name);
    if (value == null || value == Cbor.Null.NULL) {
      return Optional.empty();
    }
    byte[] bytes = bytes(name);
    if (bytes.length > max) {
      throw new Refuted(what + "." + name, bytes.length + " bytes", "at most " + max);
    }
    return Optional.of(bytes);
  }

  /** Text that has to be there. */
  public String text(Object name) throws Refuted {
    return required(name, String.class);
  }

  /** A whole number that has to be there. */
  public long number(Object name) throws Refuted {
    return required(name, Long.class);
  }

  /** A list that has to be there. */
  public List<?> list(Object name) throws Refuted {
    return required(name, List.class);
  }

  /** A map that has to be there. */
  public Map<?, ?> map(Object name) throws Refuted {
    return required(name, Map.class);
  }

  private <T> T required(Object name, Class<T> type) throws Refuted {
    Object value = members.get(name);
    if (!type.isInstance(value)) {
      String got = value == null ? "missing" : "of another type";
      throw new Refuted(what + "." + name, got, type.getSimpleName());
    }
    return type.cast(value);
  }
}
