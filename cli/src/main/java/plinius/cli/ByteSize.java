package plinius.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A number of bytes on the command line, with K, M or G for powers of 1024.
 *
 * @param bytes not negative
 */
record ByteSize(long bytes) {
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
      if (!digits.matches("[0-9]{1,10}")) {
        throw new TypeConversionException(
            "'" + text + "' is no size: bytes, or a number with K, M or G");
      }
      return new ByteSize(Long.parseLong(digits) << shift);
    }
  }
}
