package plinius.verification.evidence;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * One DER value (ITU-T X.690) of a certificate extension: definite lengths in their shortest form,
 * one-byte tags, nothing after the value.
 */
public final class Der {
  /** Tags that occur in evidence. */
  public static final int INTEGER = 0x02;

  /** Bytes. */
  public static final int OCTET_STRING = 0x04;

  /** An object identifier. */
  public static final int OID = 0x06;

  /** An enumeration. */
  public static final int ENUMERATED = 0x0a;

  /** Text of seven-bit characters. */
  public static final int IA5_STRING = 0x16;

  /** A sequence. */
  public static final int SEQUENCE = 0x30;

  private static final int LONG_TAG = 0x1f;
  private static final int INTEGER_BYTES_MAX = 4;

  private final String what;
  private final int tag;
  private final byte[] content;

  private Der(String what, int tag, byte[] content) {
    this.what = what;
    this.tag = tag;
    this.content = content;
  }

  /** Reads one value and nothing after it. */
  public static Der parse(String what, byte[] bytes) throws Refuted {
    List<Der> values = values(what, bytes);
    if (values.size() != 1) {
      throw bad(what, values.size() + " values", "one");
    }
    return values.getFirst();
  }

  /** The content of an OCTET STRING in which X.509 wraps each extension. */
  public static byte[] unwrapped(String what, byte[] extension) throws Refuted {
    return parse(what, extension).as(OCTET_STRING).content();
  }

  /** A copy of the contents. */
  public byte[] content() {
    return content.clone();
  }

  /** This value, which has to have this tag. */
  public Der as(int wanted) throws Refuted {
    if (tag != wanted) {
      throw bad(what, "DER tag " + tag, "tag " + wanted);
    }
    return this;
  }

  /** The values in this sequence. */
  public List<Der> elements() throws Refuted {
    return values(what, as(SEQUENCE).content);
  }

  /** A non-negative number below 2^31; the leading zero byte of those above 127 is skipped. */
  public int number() throws Refuted {
    if (tag != INTEGER && tag != ENUMERATED) {
      throw bad(what, "DER tag " + tag, "a number");
    }
    if (content.length == 0 || content.length > INTEGER_BYTES_MAX || content[0] < 0) {
      throw bad(what, "a number of " + content.length + " bytes", "0 to 2^31 - 1");
    }
    int number = 0;
    for (byte each : content) {
      number = (number << 8) | (each & 0xff);
    }
    return number;
  }

  /** Text of an IA5String. */
  public String text() throws Refuted {
    return new String(as(IA5_STRING).content, StandardCharsets.ISO_8859_1);
  }

  /** An object identifier's own bytes in hexadecimal, to be compared. */
  public String oid() throws Refuted {
    return HexFormat.of().formatHex(as(OID).content);
  }

  private static List<Der> values(String what, byte[] bytes) throws Refuted {
    List<Der> values = new ArrayList<>();
    int at = 0;
    while (at < bytes.length) {
      int tag = bytes[at] & 0xff;
      if ((tag & LONG_TAG) == LONG_TAG || at + 1 >= bytes.length) {
        throw bad(what, "DER that is cut short or has long tags", "whole values");
      }
      int length = bytes[at + 1] & 0xff;
      int start = at + 2;
      if (length > 127) {
        int digits = length & 0x7f;
        if (digits == 0 || digits > 2 || start + digits > bytes.length) {
          throw bad(what, "a DER length of " + digits + " bytes", "1 or 2 within the value");
        }
        length = 0;
        for (int i = 0; i < digits; i++) {
          length = (length << 8) | (bytes[start + i] & 0xff);
        }
        start += digits;
        if (length < (digits == 1 ? 128 : 256)) {
          throw bad(what, "a DER length in more bytes than it needs", "the shortest form");
        }
      }
      if (length > bytes.length - start) {
        throw bad(what, "DER that is cut short", "whole values");
      }
      values.add(new Der(what, tag, Arrays.copyOfRange(bytes, start, start + length)));
      at = start + length;
    }
    return values;
  }

  private static Refuted bad(String what, String got, String want) {
    return new Refuted(what, got, want);
  }
}
