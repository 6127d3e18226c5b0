package plinius.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A number of bytes on the command line, with K, M or G for powers of 1024.
 *
 * @param bytes not negative
 */
record ByteSize(long bytes) {
  ByteSize {
    if (bytes < 0) {
      throw new IllegalArgumentException("a size is not negative, got " + bytes);
    }
  }

  static final class Converter implements ITypeConverter<ByteSize> {
    @Override
    public ByteSize convert(String text) {
      String digits = text.replaceFirst("[KMG]$", "");
      int shift =
          switch (text.isEmpty() ? ' ' : text.charAt(text.length() - 1)) {
            case 'K' -> 10;
            case 'M' -> 20;
            case 'G' -> 30;
            default -> 0;
          };
      long number = digits.matches("[0-9]{1,18}") ? Long.parseLong(digits) : -1;
      if (number < 0 || number > Long.MAX_VALUE >> shift) {
        throw new TypeConversionException(
            "'" + text + "' is no size: bytes, or a number with K, M or G, below 2^63 bytes");
      }
      return new ByteSize(number << shift);
    }
  }
}
