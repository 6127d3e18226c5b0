package plinius.cli;

import java.util.Arrays;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;
import plinius.exchange.weights.WeightsHeader;

/** The versions of .weights files that people ask for. */
enum WeightsFormat {
  /** What the original writes. */
  CURRENT("0.2", 2),
  /** With 32 bits for the images seen. */
  OLD("0.1", 1),
  /** With connected matrices as (inputs, outputs). */
  TRANSPOSED("transposed", 2000);

  private final String option;
  private final int minor;

  WeightsFormat(String option, int minor) {
    this.option = option;
    this.minor = minor;
  }

  WeightsHeader header(long seen) {
    return new WeightsHeader(0, minor, 0, seen);
  }

  /** For picocli. */
  static final class Converter implements ITypeConverter<WeightsFormat> {
    @Override
    public WeightsFormat convert(String text) {
      return Arrays.stream(values())
          .filter(format -> format.option.equals(text))
          .findFirst()
          .orElseThrow(
              () ->
                  new TypeConversionException(
                      "'"
                          + text
                          + "' is none of "
                          + Arrays.stream(values())
                              .map(format -> format.option)
                              .collect(Collectors.joining(", "))));
    }
  }
}
