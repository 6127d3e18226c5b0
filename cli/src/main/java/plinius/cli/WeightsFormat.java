package plinius.cli;

import java.util.Arrays;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;
import plinius.exchange.weights.WeightsHeader;

/** The versions of .weights files that people ask for. */
enum WeightsFormat {
  /** What the original writes. */
  CURRENT("0.2", new WeightsHeader(0, 2, 0, 0)),
  /** With 32 bits for the images seen. */
  OLD("0.1", new WeightsHeader(0, 1, 0, 0)),
  /** With connected matrices as (inputs, outputs). */
  TRANSPOSED("transposed", new WeightsHeader(0, 2000, 0, 0));

  private final String option;
  private final WeightsHeader header;

  WeightsFormat(String option, WeightsHeader header) {
    this.option = option;
    this.header = header;
  }

  WeightsHeader header(long seen) {
    return header.withSeen(seen);
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
