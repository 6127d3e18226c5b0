package plinius.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import plinius.attestation.Measurement;
import plinius.attestation.simulation.ImageMeasurement;
import plinius.attestation.tsm.RuntimeMeasurement;

/** Reference values of the image that is about to run. */
@Command(
    name = "measure",
    description = {
      "Prints the measurements that evidence of the enclave's image will show: what an owner",
      "writes into a policy. The same image gives the same values on every machine."
    })
final class MeasureCommand extends JsonVerb {
  @Option(
      names = "--image",
      paramLabel = "DIR",
      description = "The image (default: that of this installation).")
  private Path image;

  @Override
  public Integer call() {
    Path measured =
        Optional.ofNullable(image).orElseGet(() -> Installation.current().existingImage());
    SealedFiles.requireReadable(
        measured.resolve("bin/java"), "name the folder of an image, as build/image.sh makes one");
    Measurement measurement = ImageMeasurement.of(measured, Owner.ENCLAVE_ARGUMENTS);
    Measurement rtmr3 = RuntimeMeasurement.expected(measurement);
    if (wantsJson()) {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("measurement", measurement.hex());
      fields.put("rtmr3", rtmr3.hex());
      JsonLines.write(fields);
    } else {
      Terminal.out().println("measurement  " + measurement.hex() + "  (simulation)");
      Terminal.out().println("rtmr3        " + rtmr3.hex() + "  (tdx)");
    }
    return ExitCode.DONE.code();
  }
}
