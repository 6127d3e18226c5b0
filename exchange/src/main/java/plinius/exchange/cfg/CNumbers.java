package plinius.exchange.cfg;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers as C's atoi and atof read them: as far as they go, and 0 where there is none. */
final class CNumbers {
  private static final Pattern FLOATING =
      Pattern.compile(
          "[\\f\\x0b]*([+-]?)(?:"
              + "(0[xX](?:[0-9a-fA-F]+\\.?[0-9a-fA-F]*|\\.[0-9a-fA-F]+))([pP][+-]?\\d+)?"
              + "|((?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?)"
              + "|((?i:inf(?:inity)?))"
              + "|((?i:nan)))");

  private CNumbers() {}

  /** strtol, base 10, then what the conversion to 32 bits leaves of it. */
  static int atoi(String text) {
    int at = 0;
    while (at < text.length() && (text.charAt(at) == '\f' || text.charAt(at) == 0x0b)) {
      at++;
    }
    boolean negative = at < text.length() && text.charAt(at) == '-';
    if (negative || (at < text.length() && text.charAt(at) == '+')) {
      at++;
    }
    long value = 0;
    for (; at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9'; at++) {
      int digit = text.charAt(at) - '0';
      if (value > (Long.MAX_VALUE - digit) / 10) {
        return negative ? (int) Long.MIN_VALUE : (int) Long.MAX_VALUE;
      }
      value = 10 * value + digit;
    }
    return (int) (negative ? -value : value);
  }

  /** strtod in the C locale. */
  static double atof(String text) {
    Matcher number = FLOATING.matcher(text);
    if (!number.lookingAt()) {
      return 0;
    }
    double value;
    if (number.group(2) != null) {
      String exponent = number.group(3) == null ? "p0" : number.group(3);
      value = Double.parseDouble(number.group(2) + exponent);
    } else if (number.group(4) != null) {
      value = Double.parseDouble(number.group(4));
    } else {
      value = number.group(5) != null ? Double.POSITIVE_INFINITY : Double.NaN;
    }
    return number.group(1).equals("-") ? -value : value;
  }
}
