package plinius.verification.evidence;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The part of CBOR (RFC 8949) that evidence uses, as plain values: Long, byte[], String, List, Map,
 * Boolean, {@link Null} and {@link Tagged}. Definite and indefinite lengths; bounded depth and
 * count; a key twice, floats, and bytes after the value are refused.
 */
public final class Cbor {
  private static final int DEPTH_MAX = 16;
  private static final int ITEMS_MAX = 4096;
  private static final int BREAK = 0xff;
  private static final int INDEFINITE = 31;

  private final String what;
  private final byte[] bytes;
  private int at;
  private int items;

  private Cbor(String what, byte[] bytes) {
    this.what = what;
    this.bytes = bytes;
  }

  /** CBOR's null, so that Java's need not appear. */
  public enum Null {
    NULL
  }

  /** A tag and what it is for. */
  public record Tagged(long tag, Object value) {}

  /** Reads one value and nothing after it. */
  public static Object parse(String what, byte[] bytes) throws Refuted {
    Cbor parser = new Cbor(what, bytes);
    Object value = parser.value(0);
    if (parser.at != bytes.length) {
      throw parser.bad((bytes.length - parser.at) + " bytes after the CBOR value");
    }
    return value;
  }

  /** The encoding of an array of one text and byte strings, as COSE signs it. */
  public static byte[] arrayOf(String text, byte[]... strings) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    head(out, 4, strings.length + 1);
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    head(out, 3, utf8.length);
    out.writeBytes(utf8);
    for (byte[] each : strings) {
      head(out, 2, each.length);
      out.writeBytes(each);
    }
    return out.toByteArray();
  }

  private static void head(ByteArrayOutputStream out, int major, int argument) {
    if (argument < 24) {
      out.write(major << 5 | argument);
    } else if (argument < 1 << 8) {
      out.write(major << 5 | 24);
      out.write(argument);
    } else if (argument < 1 << 16) {
      out.write(major << 5 | 25);
      out.write(argument >> 8);
      out.write(argument);
    } else {
      throw new IllegalArgumentException(argument + " in CBOR, want below 65536");
    }
  }

  private Object value(int depth) throws Refuted {
    if (depth > DEPTH_MAX || ++items > ITEMS_MAX) {
      throw bad("CBOR nested deeper than " + DEPTH_MAX + " or of over " + ITEMS_MAX + " items");
    }
    int head = next();
    int major = head >> 5;
    int info = head & 31;
    return switch (major) {
      case 0 -> argument(info);
      case 1 -> -1 - argument(info);
      case 2 -> info == INDEFINITE ? chunks(2) : take(argument(info));
      case 3 -> text(info == INDEFINITE ? chunks(3) : take(argument(info)));
      case 4 -> list(info, depth);
      case 5 -> map(info, depth);
      case 6 -> new Tagged(argument(info), value(depth + 1));
      default -> simple(info);
    };
  }

  private List<Object> list(int info, int depth) throws Refuted {
    List<Object> list = new ArrayList<>();
    long count = info == INDEFINITE ? Long.MAX_VALUE : argument(info);
    for (long i = 0; i < count && !(info == INDEFINITE && breaks()); i++) {
      list.add(value(depth + 1));
    }
    return list;
  }

  private Map<Object, Object> map(int info, int depth) throws Refuted {
    Map<Object, Object> map = new LinkedHashMap<>();
    long count = info == INDEFINITE ? Long.MAX_VALUE : argument(info);
    for (long i = 0; i < count && !(info == INDEFINITE && breaks()); i++) {
      Object key = value(depth + 1);
      if (!(key instanceof Long) && !(key instanceof String)) {
        throw bad("a CBOR map with a key that is neither number nor text");
      }
      if (map.put(key, value(depth + 1)) != null) {
        throw bad("a CBOR map with the key " + key + " twice");
      }
    }
    return map;
  }

  private boolean breaks() throws Refuted {
    if (at < bytes.length && (bytes[at] & 0xff) == BREAK) {
      at++;
      return true;
    }
    return false;
  }

  private byte[] chunks(int major) throws Refuted {
    byte[] all = new byte[0];
    while (!breaks()) {
      int head = next();
      if (head >> 5 != major || (head & 31) == INDEFINITE || ++items > ITEMS_MAX) {
        throw bad("a CBOR string whose chunks are no strings");
      }
      byte[] chunk = take(argument(head & 31));
      int start = all.length;
      all = Arrays.copyOf(all, start + chunk.length);
      System.arraycopy(chunk, 0, all, start, chunk.length);
    }
    return all;
  }

  private Object simple(int info) throws Refuted {
    return switch (info) {
      case 20 -> false;
      case 21 -> true;
      case 22 -> Null.NULL;
      default -> throw bad("CBOR of simple type " + info);
    };
  }

  private long argument(int info) throws Refuted {
    if (info < 24) {
      return info;
    }
    if (info > 27) {
      throw bad("CBOR of additional information " + info);
    }
    long value = 0;
    for (int i = 0; i < 1 << (info - 24); i++) {
      value = value << 8 | next();
    }
    if (value < 0) {
      throw bad("a CBOR number beyond 63 bits");
    }
    return value;
  }

  private String text(byte[] utf8) throws Refuted {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException e) {
      throw bad("CBOR text that is not UTF-8");
    }
  }

  private byte[] take(long length) throws Refuted {
    if (length > bytes.length - at) {
      throw bad("CBOR that is cut short");
    }
    at += (int) length;
    return Arrays.copyOfRange(bytes, at - (int) length, at);
  }

  private int next() throws Refuted {
    if (at >= bytes.length) {
      throw bad("CBOR that is cut short");
    }
    return bytes[at++] & 0xff;
  }

  private Refuted bad(String got) {
    return new Refuted(what, got, "well-formed CBOR");
  }
}
