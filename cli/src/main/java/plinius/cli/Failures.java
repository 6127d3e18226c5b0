package plinius.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import picocli.CommandLine;
import plinius.attestation.AttestationException;
import plinius.broker.BrokerException;
import plinius.darknet.DarknetException;
import plinius.dataset.DataSetException;
import plinius.exchange.cfg.Nearest;
import plinius.exchange.weights.WeightsException;
import plinius.host.HostException;
import plinius.owner.KeyFileException;
import plinius.owner.UnusableFile;
import plinius.pmem.PmemException;
import plinius.romulus.PoolException;
import plinius.seal.SealException;

/**
 * From what went wrong to the exit code of its class and one message. The switches are exhaustive:
 * a new kind of failure does not compile until somebody chose its code.
 */
final class Failures {
  private Failures() {}

  static int report(Exception failure, CommandLine at) {
    ExitCode code = code(failure);
    String message = message(failure);
    Terminal.error(message);
    if (at.getCommand() instanceof JsonErrors command && command.wantsJson()) {
      Map<String, Object> event = new LinkedHashMap<>();
      event.put("event", "error");
      event.put("code", code.code());
      event.put("reason", message);
      JsonLines.write(event);
    }
    return code.code();
  }

  static String message(Exception failure) {
    boolean expected = failure instanceof Refusal || code(failure) != ExitCode.INTERNAL;
    if (failure instanceof UncheckedIOException medium) {
      IOException cause = medium.getCause();
      boolean ownWords =
          !Objects.equals(medium.getMessage(), cause.toString())
              && !Objects.equals(medium.getMessage(), cause.getMessage());
      return ownWords ? medium.getMessage() : why(cause);
    }
    return expected ? Nearest.suggested(failure.getMessage()) : internal(failure);
  }

  static ExitCode code(Exception failure) {
    return switch (failure) {
      case Refusal refusal -> refusal.exitCode();
      case SealException seal -> code(seal);
      case KeyFileException key -> code(key);
      case DataSetException data -> code(data);
      case UnusableFile _ -> ExitCode.MEDIUM;
      case PmemException pmem -> code(pmem);
      case PoolException pool -> code(pool);
      case AttestationException attestation -> code(attestation);
      case BrokerException broker -> code(broker);
      case DarknetException _ -> ExitCode.BAD_INPUT;
      case HostException host -> code(host);
      case WeightsException.BadInput _ -> ExitCode.BAD_INPUT;
      case WeightsException.Tampered _ -> ExitCode.TAMPERED;
      case UncheckedIOException _ -> ExitCode.MEDIUM;
      default -> ExitCode.INTERNAL;
    };
  }

  private static ExitCode code(KeyFileException failure) {
    return switch (failure) {
      case KeyFileException.WrongPassphrase _ -> ExitCode.BAD_INPUT;
      case KeyFileException.Bad _ -> ExitCode.BAD_INPUT;
      case KeyFileException.Exists _ -> ExitCode.BAD_INPUT;
      case KeyFileException.Unusable _ -> ExitCode.MEDIUM;
    };
  }

  private static ExitCode code(SealException failure) {
    return switch (failure) {
      case SealException.NotAuthentic _ -> ExitCode.TAMPERED;
      case SealException.Malformed _ -> ExitCode.BAD_INPUT;
      case SealException.Exhausted _ -> ExitCode.STOPPED;
    };
  }

  private static ExitCode code(DataSetException failure) {
    return switch (failure) {
      case DataSetException.BadInput _ -> ExitCode.BAD_INPUT;
      case DataSetException.NotADataSet _ -> ExitCode.BAD_INPUT;
      case DataSetException.WrongKey _ -> ExitCode.BAD_INPUT;
      case DataSetException.Tampered _ -> ExitCode.TAMPERED;
    };
  }

  private static ExitCode code(PmemException failure) {
    return switch (failure) {
      case PmemException.CannotMap _ -> ExitCode.MEDIUM;
      case PmemException.Unsupported _ -> ExitCode.MEDIUM;
      case PmemException.WriteBackFailed _ -> ExitCode.MEDIUM;
      case PmemException.CannotGrow _ -> ExitCode.MEDIUM;
      case PmemException.ReadOnly _ -> ExitCode.INTERNAL;
    };
  }

  private static ExitCode code(PoolException failure) {
    return switch (failure) {
      case PoolException.NotFormatted _ -> ExitCode.BAD_INPUT;
      case PoolException.Corrupt _ -> ExitCode.TAMPERED;
      case PoolException.Incompatible _ -> ExitCode.BAD_INPUT;
      case PoolException.Full _ -> ExitCode.MEDIUM;
      case PoolException.Poisoned _ -> ExitCode.MEDIUM;
      case PoolException.ReadOnly _ -> ExitCode.INTERNAL;
      case PoolException.Aborted _ -> ExitCode.INTERNAL;
    };
  }

  private static ExitCode code(AttestationException failure) {
    return switch (failure) {
      case AttestationException.Refused _ -> ExitCode.REFUSED;
      case AttestationException.Unreachable _ -> ExitCode.UNAVAILABLE;
      case AttestationException.BadMessage _ -> ExitCode.TAMPERED;
      case AttestationException.PlatformUnusable _ -> ExitCode.MEDIUM;
    };
  }

  private static ExitCode code(BrokerException failure) {
    return switch (failure) {
      case BrokerException.StateUnusable _ -> ExitCode.MEDIUM;
      case BrokerException.LogTampered _ -> ExitCode.TAMPERED;
      case BrokerException.WrongOwner _ -> ExitCode.BAD_INPUT;
      case BrokerException.JobConflict _ -> ExitCode.BAD_INPUT;
      case BrokerException.UnknownJob _ -> ExitCode.BAD_INPUT;
      case BrokerException.UnknownMirror _ -> ExitCode.BAD_INPUT;
    };
  }

  private static ExitCode code(HostException failure) {
    return switch (failure) {
      case HostException.Usage _ -> ExitCode.USAGE;
      case HostException.BadInput _ -> ExitCode.BAD_INPUT;
      case HostException.Internal _ -> ExitCode.INTERNAL;
      case HostException.Medium _ -> ExitCode.MEDIUM;
      case HostException.InUse _ -> ExitCode.IN_USE;
    };
  }

  /** As {@link HostException#why}. */
  static String why(IOException failure) {
    return HostException.why(failure);
  }

  private static String internal(Exception failure) {
    StackTraceElement[] trace = failure.getStackTrace();
    return "internal error, please report it: "
        + failure
        + (trace.length == 0 ? "" : " at " + trace[0])
        + ". Nothing that was mirrored is lost: the same command goes on from there";
  }
}
