package plinius.cli;

import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import plinius.dataset.DataSetInfo;
import plinius.host.HostArguments;
import plinius.seal.Id128;

/** From what the user asked for to what the host is told. */
final class HostRequests {
  private HostRequests() {}

  static HostArguments of(
      Installation installation,
      RunRequest request,
      DataSetInfo data,
      Optional<DataSetInfo> valid,
      Id128 job,
      URI broker,
      String pin) {
    RunRequest.Training training = request.training();
    return new HostArguments(
        request.mode(),
        installation.existingImage(),
        request.pm().toAbsolutePath(),
        request.cfg().toAbsolutePath(),
        request.settings(),
        new HostArguments.Data(request.data().toAbsolutePath(), data.id().toString()),
        valid.map(
            info ->
                new HostArguments.Data(
                    training.valid().orElseThrow().toAbsolutePath(), info.id().toString())),
        request.question().query(),
        request.question().out(),
        job.toString(),
        broker,
        pin,
        request.hardware() ? Optional.empty() : Optional.of(installation.platform()),
        request.threads(),
        training.mirrorEvery(),
        training.validEvery(),
        training.iterations(),
        training.writeBack(),
        training.protocol(),
        training.poolBytes(),
        request.json(),
        training.fresh(),
        request.killAt(),
        request.recordBorder().map(Path::toAbsolutePath));
  }
}
