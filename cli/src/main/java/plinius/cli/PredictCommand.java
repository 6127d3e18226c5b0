package plinius.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import plinius.boundary.HostMessage.Mode;
import plinius.dataset.SealedResult;

/** What the model says about samples, for nobody but the owner. */
@Command(
    name = "predict",
    description = {
      "Asks the mirrored model about sealed samples, in an enclave. Its answer is sealed to the",
      "owner, whose key opens it here."
    })
final class PredictCommand implements Callable<Integer>, JsonErrors {
  @Mixin private RunOptions run;
  @Mixin private OwnerKeyOptions key;
  @Mixin private SealedAnswer sealed;

  @Option(
      names = "--top",
      paramLabel = "K",
      defaultValue = "5",
      description = "How many classes to print for a sample (default: ${DEFAULT-VALUE}).")
  private int top;

  @Option(
      names = "--names",
      paramLabel = "F",
      description = "A text with the classes' names, one a line.")
  private Path names;

  @Override
  public boolean wantsJson() {
    return run.json();
  }

  @Override
  public Integer call() {
    if (top < 1) {
      throw new Refusal(ExitCode.USAGE, "--top takes 1 or more, got " + top);
    }
    List<String> known = ClassNames.in(Optional.ofNullable(names));
    RunRequest request = run.request(Mode.PREDICT);
    return sealed.ask(
        request.asking(RunRequest.Question.NONE.of(sealed.best())),
        key,
        SealedResult.Content.OUTPUTS,
        answer -> print(ByteBuffer.wrap(answer), known));
  }

  private void print(ByteBuffer answer, List<String> known) {
    float[] outputs = new float[answer.getInt()];
    for (long sample = 0; answer.hasRemaining(); sample++) {
      for (int i = 0; i < outputs.length; i++) {
        outputs[i] = answer.getFloat();
      }
      List<Integer> largest =
          IntStream.range(0, outputs.length)
              .boxed()
              .sorted(Comparator.comparingDouble((Integer i) -> -outputs[i]))
              .limit(top)
              .toList();
      if (run.json()) {
        Terminal.out().println(json(sample, largest, outputs, known));
      } else {
        Terminal.out().println(text(sample, largest, outputs, known));
      }
    }
  }

  private static String text(
      long sample, List<Integer> largest, float[] outputs, List<String> known) {
    StringBuilder line = new StringBuilder("sample " + sample + ":");
    for (int category : largest) {
      line.append(
          String.format(
              Locale.ROOT, "  %s %.4f", ClassNames.name(category, known), outputs[category]));
    }
    return line.toString();
  }

  static ObjectNode json(long sample, List<Integer> largest, float[] outputs, List<String> known) {
    ObjectNode line = JsonNodeFactory.instance.objectNode();
    line.put("event", "prediction").put("sample", sample);
    ArrayNode entries = line.putArray("top");
    for (int category : largest) {
      ObjectNode entry = entries.addObject();
      entry.put("class", category).put("name", ClassNames.name(category, known));
      entry.set("output", JsonLines.number(outputs[category]));
    }
    return line;
  }
}
