package plinius.cli;

import java.net.URI;
import java.util.Optional;
import plinius.dataset.DataSetInfo;
import plinius.host.HostArguments;
import plinius.seal.Id128;

/** A run whose owner is elsewhere: without the key, everything that is plain is taken as it is. */
final class RemoteOwner {
  private RemoteOwner() {}

  static HostArguments prepare(
      Installation installation, RunRequest request, URI broker, String pin) {
    DataSetInfo data = SealedFiles.info(request.data());
    Optional<DataSetInfo> valid = request.training().valid().map(SealedFiles::info);
    return HostRequests.of(installation, request, data, valid, job(request), broker, pin);
  }

  private static Id128 job(RunRequest request) {
    Optional<Id128> asked = request.training().job().map(RemoteOwner::parse);
    Optional<Id128> there =
        UnlockedPool.infoIn(request.pm()).map(pool -> Id128.parse(pool.identity().jobId()));
    if (asked.isPresent() && there.isPresent() && !asked.equals(there)) {
      throw new Refusal(
          ExitCode.BAD_INPUT,
          "the pool in "
              + request.pm()
              + " belongs to job "
              + there.get()
              + ", not to "
              + asked.get()
              + ": leave --job out, or name another --pm");
    }
    return there
        .or(() -> asked)
        .orElseThrow(
            () ->
                new Refusal(
                    ExitCode.USAGE,
                    "a new pool needs its job's id: give --job with the 32 hexadecimal digits"
                        + " that `plinius broker` printed"));
  }

  private static Id128 parse(String text) {
    if (!text.matches("[0-9a-f]{32}")) {
      throw new Refusal(
          ExitCode.USAGE,
          "with --broker, --job takes the job's id, 32 hexadecimal digits, got " + text);
    }
    return Id128.parse(text);
  }
}
