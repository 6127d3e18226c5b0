package plinius.cli;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;
import plinius.attestation.AttestationException;
import plinius.attestation.kbs.FreshnessMode;
import plinius.boundary.HostMessage.Protocol;
import plinius.boundary.HostMessage.WriteBack;
import plinius.broker.JobTerms;
import plinius.host.HostException;
import plinius.host.KillAt;
import plinius.store.Survives;

/** How choices are written on the command line. */
final class Choices {
  private Choices() {}

  static final class WriteBackConverter implements ITypeConverter<WriteBack> {
    @Override
    public WriteBack convert(String text) {
      return choice(WriteBack.values(), text);
    }
  }

  static final class ProtocolConverter implements ITypeConverter<Protocol> {
    @Override
    public Protocol convert(String text) {
      return choice(Protocol.values(), text);
    }
  }

  /** As the pool has it, where {@link ProtocolConverter} asks an enclave for it. */
  static final class PoolProtocolConverter implements ITypeConverter<plinius.romulus.Protocol> {
    @Override
    public plinius.romulus.Protocol convert(String text) {
      return choice(plinius.romulus.Protocol.values(), text);
    }
  }

  /** As the memory has it, where {@link WriteBackConverter} asks an enclave for it. */
  static final class InstructionConverter implements ITypeConverter<plinius.pmem.WriteBack> {
    @Override
    public plinius.pmem.WriteBack convert(String text) {
      return choice(plinius.pmem.WriteBack.values(), text);
    }
  }

  static final class SurvivesConverter implements ITypeConverter<Survives> {
    @Override
    public Survives convert(String text) {
      return choice(Survives.values(), text);
    }
  }

  static final class FreshnessConverter implements ITypeConverter<FreshnessMode> {
    @Override
    public FreshnessMode convert(String text) {
      try {
        return FreshnessMode.ofWireName(text);
      } catch (AttestationException.BadMessage e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  static final class JobNameConverter implements ITypeConverter<String> {
    @Override
    public String convert(String text) {
      if (!JobTerms.isName(text)) {
        throw new TypeConversionException("'" + text + "': " + JobTerms.NAME_RULE);
      }
      return text;
    }
  }

  static final class KillAtConverter implements ITypeConverter<KillAt> {
    @Override
    public KillAt convert(String text) {
      try {
        return KillAt.parse(text);
      } catch (HostException.Usage e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  private static <E extends Enum<E>> E choice(E[] values, String text) {
    return Arrays.stream(values)
        .filter(value -> name(value).equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new TypeConversionException(
                    "'"
                        + text
                        + "' is none of "
                        + Arrays.stream(values)
                            .map(Choices::name)
                            .collect(Collectors.joining(", "))));
  }

  private static String name(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
