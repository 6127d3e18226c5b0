package plinius.host;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import plinius.boundary.EnclaveMessage.Answered;
import plinius.boundary.EnclaveMessage.IterationDone;
import plinius.boundary.EnclaveMessage.Ready;
import plinius.boundary.EnclaveMessage.Replanned;
import plinius.boundary.EnclaveMessage.Resumed;
import plinius.boundary.EnclaveMessage.Score;
import plinius.boundary.EnclaveMessage.Started;
import plinius.boundary.EnclaveMessage.Tested;
import plinius.boundary.EnclaveMessage.Validated;

/** One JSON object a line; each line is written whole, so that a kill leaves no half of one. */
final class JsonReport implements Report {
  private static final JsonFactory FACTORY = new JsonFactory();

  private final PrintStream out;

  JsonReport(PrintStream out) {
    this.out = out;
  }

  @FunctionalInterface
  private interface Fields {
    void write(JsonGenerator json) throws IOException;
  }

  private synchronized void line(String event, Fields fields) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("event", event);
      fields.write(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    byte[] line = (text + "\n").getBytes(StandardCharsets.UTF_8);
    out.write(line, 0, line.length);
    out.flush();
  }

  @Override
  public void processes(long hostPid, long enclavePid) {
    line(
        "processes",
        json -> {
          json.writeNumberField("host", hostPid);
          json.writeNumberField("enclave", enclavePid);
        });
  }

  @Override
  public void ready(Ready ready) {
    line(
        "ready",
        json -> {
          json.writeStringField("platform", ready.platform());
          json.writeStringField(
              "measurement", HexFormat.of().formatHex(ready.measurement().array()));
          json.writeStringField("kernels", ready.kernels());
          json.writeStringField("warning", ready.warning());
        });
  }

  @Override
  public void loading(String name, long bytes, long of) {
    line(
        "loading",
        json -> {
          json.writeStringField("name", name);
          json.writeNumberField("bytes", bytes);
          json.writeNumberField("of", of);
        });
  }

  @Override
  public void started(String job, Started started) {
    line(
        "start",
        json -> {
          json.writeNumberField("iteration", 0);
          json.writeNumberField("target", started.target());
          json.writeStringField("job", job);
          json.writeNumberField("epoch", started.epoch());
          json.writeNumberField("seed", started.seed());
          json.writeStringField("pool", started.pool());
        });
  }

  @Override
  public void resumed(String job, Resumed resumed) {
    line(
        "resume",
        json -> {
          json.writeNumberField("iteration", resumed.iteration());
          json.writeNumberField("target", resumed.target());
          json.writeStringField("job", job);
          json.writeNumberField("epoch", resumed.epoch());
          json.writeNumberField("seed", resumed.seed());
          json.writeNumberField("sequence", resumed.sequence());
          json.writeNumberField("averageLoss", resumed.averageLoss());
          json.writeNumberField("mirrorInNanos", resumed.nanos());
          json.writeStringField("pool", resumed.pool());
        });
  }

  @Override
  public void replanned(Replanned replanned) {
    line(
        "replan",
        json -> {
          json.writeNumberField("iteration", replanned.iteration());
          json.writeStringField("before", replanned.before());
          json.writeStringField("plan", replanned.plan());
        });
  }

  @Override
  public void iteration(IterationDone done) {
    line(
        "iteration",
        json -> {
          json.writeNumberField("iteration", done.iteration());
          json.writeNumberField("loss", done.loss());
          json.writeNumberField("averageLoss", done.averageLoss());
          json.writeNumberField("rate", done.rate());
          json.writeBooleanField("mirrored", done.mirrored());
          json.writeNumberField("nanos", done.nanos());
          json.writeNumberField("unsealNanos", done.unsealNanos());
          json.writeNumberField("mirrorNanos", done.mirrorNanos());
          json.writeNumberField("mirrorWaitNanos", done.mirrorWaitNanos());
        });
  }

  @Override
  public void validated(Validated validated) {
    line(
        "validated",
        json -> {
          json.writeNumberField("iteration", validated.iteration());
          score(json, validated.score());
          json.writeBooleanField("best", validated.best());
        });
  }

  @Override
  public void tested(Tested tested) {
    line(
        "tested",
        json -> {
          json.writeNumberField("iteration", tested.iteration());
          score(json, tested.score());
        });
  }

  private static void score(JsonGenerator json, Score score) throws IOException {
    switch (score.metric()) {
      case ACCURACY -> {
        json.writeNumberField("images", score.samples());
        json.writeNumberField("correct", score.correct());
        json.writeNumberField("accuracy", score.value());
      }
      case BITS_PER_CHARACTER -> {
        json.writeNumberField("characters", score.samples());
        json.writeNumberField("bitsPerCharacter", score.value());
      }
      case MEAN_SQUARED_ERROR -> {
        json.writeNumberField("samples", score.samples());
        json.writeNumberField("meanSquaredError", score.value());
      }
      case MEAN_AVERAGE_PRECISION -> {
        json.writeNumberField("scenes", score.samples());
        json.writeNumberField("meanAveragePrecision", score.value());
      }
    }
  }

  @Override
  public void answered(Answered answered, Path out) {
    line(
        "answered",
        json -> {
          json.writeNumberField("iteration", answered.iteration());
          json.writeNumberField("samples", answered.samples());
          json.writeStringField("out", out.toString());
        });
  }

  @Override
  public void done(int iteration, String state) {
    state("done", iteration, state);
  }

  @Override
  public void stopped(int iteration, String state) {
    state("stopped", iteration, state);
  }

  private void state(String event, int iteration, String state) {
    line(
        event,
        json -> {
          json.writeNumberField("iteration", iteration);
          json.writeStringField("state", state);
        });
  }

  @Override
  public void killed(String at, int iteration, boolean inside) {
    line(
        "killed",
        json -> {
          json.writeStringField("at", at);
          json.writeNumberField("iteration", iteration);
          json.writeBooleanField("inside", inside);
        });
  }

  @Override
  public void notice(String text) {
    line("notice", json -> json.writeStringField("text", text));
  }

  @Override
  public void failed(int code, String reason) {
    line(
        "error",
        json -> {
          json.writeNumberField("code", code);
          json.writeStringField("reason", reason);
        });
  }
}
